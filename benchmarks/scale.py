"""What saturates first past this machine: measured costs, simple laws, and a simulated night of 1 to 1,000 models.

Small runs of the real functions (``scale_costs.py``) give the costs; each is fitted by a sum of a few terms with coefficients that
are not negative, by least squares of relative errors; a simulation (``fleet.py``) puts the laws together for 1e6 to 1e9 rows and up
to 1,000 models. Writes ``results/scale.md`` and renews the tables in ``docs/scale.md``.

    python benchmarks/scale.py                      # some five minutes on two quiet cores
    python benchmarks/scale.py --quick              # whether it works; writes nothing
    python benchmarks/scale.py --keep costs.json    # keeps what was measured, for --from costs.json
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fleet import WORKER, Hold, Night, simulate
from machine import heading, write
from scale_costs import FULL, QUICK, Point, everything

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scale.md"
WIDTH, CLASSES, TEST = 64, 10, 10_000  # columns, classes and test rows of the models of the fleet
NIGHT, ARRIVE = 8.0, 1.0  # hours: that everything has to end in, and that the runs begin in
PATIENCE = 60.0  # seconds after which a run gives up on the ledger with exit code 6
GIB = 2.0**30
POD = 64.0  # GiB that a worker may take
STEPS, SOURCE_STEPS, MMD_ROWS = (2000, 5000, 10_000)  # the defaults at many rows: of an arm, of pretraining, shift.max_rows


@dataclass(frozen=True)
class Law:
    """A sum of products: a term such as ``n d`` with its coefficient each.

    Attributes:
        terms: variables with blanks between them; empty: a constant.
        coefficients: one a term.
        residual: the largest relative error of a measured point.
        slope: of the measured values against ``n`` (or the first variable) on double logarithmic axes, last two sizes.
        points: how many were measured.
    """

    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    residual: float
    slope: float
    points: int

    def __call__(self, **at: float) -> float:
        """What it says there."""
        return sum(b * _term(term, at) for term, b in zip(self.terms, self.coefficients, strict=True))

    def growth(self, **at: float) -> float:
        """Without the constant, which the fixed cost of a run already holds."""
        return self(**at) - sum(b for term, b in zip(self.terms, self.coefficients, strict=True) if not term)

    @property
    def text(self) -> str:
        """The formula, without terms that are not there."""
        parts = [f"{b:.2g} {term}".strip() for term, b in zip(self.terms, self.coefficients, strict=True) if b > 0]
        return " + ".join(parts) or "0"


def _term(term: str, at: dict[str, float]) -> float:
    return math.prod(at[name] for name in term.split())


def fit(points: Sequence[Point], *terms: str) -> Law:
    """The law with these terms that is relatively closest to the points."""
    from scipy.optimize import nnls

    values = np.array([value for _, value in points], dtype=float).clip(1e-12)
    table = np.array([[_term(term, at) for term in terms] for at, _ in points], dtype=float)
    largest = table.max(axis=0)
    coefficients = nnls(table / largest / values[:, None], np.ones(len(values)))[0] / largest
    errors = np.abs(table @ coefficients / values - 1)
    first = next(name for name in (" ".join(terms)).split())
    ordered = sorted((at[first], value) for at, value in points if at[first] > 0)
    low = [pair for pair in ordered if pair[0] < ordered[-1][0]]
    slope = math.nan
    if low:
        a = np.mean([math.log(value) for size, value in low if size == low[-1][0]])
        b = np.mean([math.log(value) for size, value in ordered if size == ordered[-1][0]])
        slope = float((b - a) / math.log(ordered[-1][0] / low[-1][0]))
    return Law(terms, tuple(map(float, coefficients)), float(errors.max()), slope, len(points))


# name in the table: measurement, terms, unit
LAWS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "ingest: read, leakage, fingerprints, store": ("ingest", ("n", "", "n d", "m"), "s"),
    "ingest, memory": ("ingest memory", ("n", "", "n d", "m"), "byte"),
    "drift without MMD: A-distance, attribution, labels": ("drift", ("n", "", "n d"), "s"),
    "drift, memory": ("drift memory", ("n", "", "n d"), "byte"),
    "MMD, exact, n + n rows": ("mmd exact", ("n n", "n", "n n d"), "s"),
    "MMD, random features, streamed, n + n rows": ("mmd stream", ("n", "", "n d"), "s"),
    "a training step, 64 rows, MLP": ("step", ("d", "", "c"), "s"),
    "a training step by training rows": ("step by rows", ("n", ""), "s"),
    "export and parity, a model": ("export", ("d", ""), "s"),
    "onnxruntime, n rows": ("evaluate", ("n", "", "n d"), "s"),
    "the gate's statistics, m test rows": ("gate", ("m", "", "m m"), "s"),
    "ledger: open m fresh test rows": ("ledger open", ("m", ""), "s"),
    "ledger: open among e entries of others": ("ledger by entries", ("e", "", "e e"), "s"),
    "ledger, a fresh test set, disk": ("ledger bytes", ("m", ""), "byte"),
    "run folder, disk": ("run bytes", ("n d", ""), "byte"),
}


def laws_of(found: dict[str, Any]) -> dict[str, Law]:
    """The laws by measurement."""
    return {key: fit(found[key], *terms) for key, terms, _ in LAWS.values()}


def table_of_laws(found: dict[str, Any], laws: dict[str, Law]) -> str:
    lines = ["| what | law | unit | measured at | slope | worst residual |", "| --- | --- | --- | --- | ---: | ---: |"]
    for name, (key, _, unit) in LAWS.items():
        law, first = laws[key], laws[key].terms[0].split()[0]
        sizes = [at[first] for at, _ in found[key]]
        lines.append(
            f"| {name} | {law.text} | {unit} | {first} = {min(sizes):,} to {max(sizes):,} | {law.slope:.2f} "
            f"| {100 * law.residual:.0f} % |"
        )
    kinds = ", ".join(f"{at['kind']} {1000 * value:.1f}" for at, value in found["step by strategy"])
    known, command = found["registry"], found["command"]
    lines += [
        "",
        "`n` source rows (for onnxruntime: rows scored), `d` columns, `c` classes, `m` test rows, `e` openings by others.",
        "Seconds are CPU seconds of one core, those of the ledger seconds of the wall. `slope`: on double logarithmic axes, at the "
        "upper end.",
        "",
        f"- Milliseconds a step by arm: {kinds}. An arm more is its steps more; nothing else grows with their number.",
        f"- Every run, whatever its data: {command['cpu']:.0f} CPU seconds (start, imports, pages, export, record), a peak of "
        f"{command['memory'] / GIB:.1f} GiB in the run's own process, {command['folder'] / 1e6:.1f} MB in its folder and "
        f"{command['artifacts'] / 1e6:.1f} MB in the artifact store.",
        f"- MLflow on SQLite: {known['record']:.2f} s to record a run of four arms, {known['record writing']:.2f} s of them as the "
        f"one writer; {known['promote']:.2f} s under the model's promotion lock, {known['promote writing']:.2f} s of them writing; "
        f"{known['database'] / 1e3:.0f} kB of database a run.",
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class Setting:
    """How a fleet is set up.

    Attributes:
        name: for the table.
        workers: runs at once, of one core each.
        shared: whether ledger and runs share the one writer of a SQLite file; otherwise the database takes 20 writers.
        ledgers: number of ledgers among the models.
        dear: how many times as long as measured a training step takes.
        spread: hours within which the runs begin.
    """

    name: str
    workers: int
    shared: bool
    ledgers: int = 1
    dear: float = 1.0
    spread: float = ARRIVE


def stages(laws: dict[str, Law], found: dict[str, Any], n: float) -> dict[str, float]:
    """CPU seconds of a run on ``n`` source rows by stage, with the default strategies and three seeds."""
    kinds = {at["kind"]: value for at, value in found["step by strategy"]}
    scratch, others = kinds.pop("scratch"), sorted(kinds.values())
    factor = laws["step"](d=WIDTH, c=CLASSES) / scratch  # strategies were measured at other columns
    arms = scratch + sum(others) + 2 * (scratch + others[-1])  # the dearest is the one that is repeated
    judged = laws["evaluate"].growth(n=TEST, d=WIDTH)
    return {
        "start, reports, record": found["command"]["cpu"],
        "ingest": laws["ingest"].growth(n=n, d=WIDTH, m=TEST),
        "drift": laws["drift"].growth(n=n, d=WIDTH) + laws["mmd exact"].growth(n=min(n, MMD_ROWS), d=WIDTH),
        "training": factor * (SOURCE_STEPS * scratch + STEPS * arms),
        "evaluate and gate": 7 * judged + laws["gate"].growth(m=TEST, d=WIDTH),
    }


def memory(laws: dict[str, Law], found: dict[str, Any], n: float) -> float:
    """Bytes at the peak of a run."""
    grown = max(laws["ingest memory"].growth(n=n, d=WIDTH, m=TEST), laws["drift memory"].growth(n=n, d=WIDTH))
    return float(found["command"]["memory"] + grown)


def night(laws: dict[str, Law], found: dict[str, Any], models: int, n: float, setting: Setting, entries: float) -> Night:
    """One night: every model once, beginning within an hour, promoting every time, which is the worst case."""
    alone = stages(laws, found, n)
    alone["training"] *= setting.dear
    before = sum(value for name, value in alone.items() if name != "evaluate and gate")
    opened = laws["ledger open"](m=TEST) + laws["ledger by entries"].growth(e=entries)
    known, rng = found["registry"], np.random.default_rng(0)
    capacity = {WORKER: setting.workers} | ({} if setting.shared else {"database": 20})
    runs = []
    for model in range(models):
        book = "database" if setting.shared else f"ledger {model % setting.ledgers}"
        holds = [
            Hold(before),
            Hold(opened, book),
            Hold(alone["evaluate and gate"]),
            Hold(known["record writing"], "database"),
            Hold(known["promote writing"], "database"),
        ]
        runs.append((float(rng.uniform(0, 3600 * setting.spread)), holds))
    return simulate(runs, capacity)


def table_of_one(laws: dict[str, Law], found: dict[str, Any]) -> str:
    """One model by rows."""
    lines = [
        "| source rows | ingest, s | drift, s | training, s | the rest, s | memory, GiB | saturates first | answer |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for n in (1e6, 1e7, 1e8, 1e9):
        parts, needed = stages(laws, found, n), memory(laws, found, n) / GIB
        rest = parts["start, reports, record"] + parts["evaluate and gate"]
        dearest = max(parts, key=lambda name: parts[name])
        first, answer = f"nothing; {dearest} takes most", "none needed"
        if needed > POD:
            first, answer = f"memory: over {POD:.0f} GiB", "`data.source.sample`, drift over all rows in a stream"
        elif sum(parts.values()) > 3600 * NIGHT:
            first, answer = f"time: over {NIGHT:.0f} h", "the same"
        lines.append(
            f"| {n:.0e} | {parts['ingest']:,.0f} | {parts['drift']:,.0f} | {parts['training']:,.0f} | {rest:,.0f} | {needed:,.1f} "
            f"| {first} | {answer} |"
        )
    streamed = laws["mmd stream"](n=1e9, d=WIDTH) / 3600
    most = POD * GIB - memory(laws, found, 0)
    fits = most / (memory(laws, found, 1e9) - memory(laws, found, 0)) * 1e9
    lines += [
        "",
        f"{POD:.0f} GiB hold a run of some {fits:.0e} source rows. MMD over all 1e9 + 1e9 rows by random features: {streamed:,.0f} "
        f"core hours in constant memory; exact: {laws['mmd exact'](n=1e9, d=WIDTH) / 3600 / 8766:,.0f} core years.",
    ]
    return "\n".join(lines)


def needed_workers(laws: dict[str, Law], found: dict[str, Any], models: int, n: float, dear: float = 1.0) -> int:
    """The fewest workers, doubled from 2, with which a night on PostgreSQL ends in time."""
    workers = 2
    while workers < models and night(laws, found, models, n, Setting("", workers, False, dear=dear), 0).hours > NIGHT:
        workers *= 2
    return workers


def table_of_fleet(laws: dict[str, Law], found: dict[str, Any]) -> str:
    """Nights by models."""
    n = 1e6
    lines = [
        "| models | set up as | workers | ends after, h | workers busy | database busy | ledger busy | waits over 60 s |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for models in (1, 10, 100, 1000):
        many = needed_workers(laws, found, models, n)
        large = needed_workers(laws, found, models, n, 100)
        settings = [
            Setting("two cores, SQLite", 2, True),
            Setting("a core each, all at once, SQLite", models, True, spread=0),
            Setting("a core each, all at once, PostgreSQL, one ledger", models, False, spread=0),
            Setting("PostgreSQL, one ledger", many, False),
            Setting("the same, a step 100 times as dear", large, False, dear=100),
        ]
        if models == 1000:
            settings.append(Setting("a core each, all at once, PostgreSQL, ten ledgers", models, False, ledgers=10, spread=0))
        for setting in settings if models >= 100 else settings[:2] if models > 1 else settings[:1]:
            seen = night(laws, found, models, n, setting, 365.0 * models)
            books = [name for name in seen.busy if name.startswith("ledger")]
            busiest = max((seen.busy[name] for name in books), default=seen.busy["database"])
            late = sum(seen.late(name, PATIENCE) for name in ("database", *books))
            lines.append(
                f"| {models:,} | {setting.name} | {setting.workers:,} | {seen.hours:.1f} | {100 * seen.busy[WORKER]:.0f} % "
                f"| {100 * seen.busy['database']:.1f} % | {100 * busiest:.1f} % | {late:,} |"
            )
    lines += [
        "",
        f"{n:.0e} source rows, {WIDTH} columns, {CLASSES} classes, {TEST:,} test rows, default strategies, three seeds, a worker "
        "of one core. Runs begin within an hour but for `all at once`; every one promotes; the ledger is a year old.",
        "",
        "`waits over 60 s`: for the writer or a ledger, up to three a run. A single write waits 20 s in MLflow and 60 s in the "
        "ledger, then the run ends with exit code 6 and the scheduler repeats it. SQLite keeps no order: some wait longer.",
    ]
    return "\n".join(lines)


def table_of_growth(laws: dict[str, Law], found: dict[str, Any]) -> str:
    """What piles up in a year of nights."""
    lines = [
        "| models | MLflow runs | database of runs, GB | artifact store, TB | run folders, TB | ledger entries "
        "| ledger, one test set a model, GB | ledger, a fresh test set a night, GB |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    known, command = found["registry"], found["command"]
    for models in (1, 10, 100, 1000):
        runs = 365 * models
        # A source that does not change is kept once a model: later runs hold another name of the same file.
        folders = models * laws["run bytes"].growth(n=1e6, d=WIDTH) + runs * command["folder"]
        one, every = models * laws["ledger bytes"](m=TEST) / 1e9, runs * laws["ledger bytes"](m=TEST) / 1e9
        lines.append(
            f"| {models:,} | {5 * runs:,} | {runs * known['database'] / 1e9:,.2f} | {runs * command['artifacts'] / 1e12:,.3f} "
            f"| {folders / 1e12:,.2f} | {2 * runs:,} | {one:,.3f} | {every:,.1f} |"
        )
    hold = 1000 * laws["ledger open"](m=1e6) / 3600
    lines += [
        "",
        f"{TEST:,} test rows a model. A thousand models with 1e6 fresh test rows each would keep one ledger busy for {hold:.1f} h.",
    ]
    return "\n".join(lines)


def renew(page: str, tables: dict[str, str]) -> str:
    """The page with its tables, which stand between comments with their names, replaced."""
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        page = re.sub(f"{begin}.*?{end}", lambda _, t=table, b=begin, e=end: f"{b}\n{t}\n{e}", page, flags=re.DOTALL)
    return page


def main() -> None:
    """Measure, fit, simulate, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--from", dest="kept", type=Path)
    options = parser.parse_args()
    if options.kept:
        content = json.loads(options.kept.read_text())
    else:
        load, began = os.getloadavg()[0], time.perf_counter()
        found = everything(QUICK if options.quick else FULL, lambda line: print(line, file=sys.stderr))
        content = {"found": found, "load": [load, os.getloadavg()[0]], "seconds": time.perf_counter() - began}
        if options.keep:
            options.keep.write_text(json.dumps(content))
    found = content["found"]
    laws = laws_of(found)
    tables = {
        "laws": table_of_laws(found, laws),
        "one model": table_of_one(laws, found),
        "fleet": table_of_fleet(laws, found),
        "a year": table_of_growth(laws, found),
    }
    measured = (
        f"Measured in {content['seconds']:.0f} s at a load of {content['load'][0]:.1f} before and {content['load'][1]:.1f} after, "
        f"on {os.cpu_count()} cores."
    )
    body = "\n\n".join(f"## {name[0].upper()}{name[1:]}\n\n{table}" for name, table in tables.items())
    text = f"{heading('Scale', 'python benchmarks/scale.py')}\n{measured}\n\n{body}"
    if options.quick:
        print(text)
        return
    write("scale.md", text)
    if PAGE.is_file():
        PAGE.write_text(renew(PAGE.read_text(encoding="utf-8"), {**tables, "measured": measured}), encoding="utf-8")


if __name__ == "__main__":
    main()
