"""Many runs one after the other with `ntgate gc` behind every ten: what grows of disk, databases, open files, memory and time.

Each run is a night: fresh rows of the same target, in one process by the Python API, with MLflow and the ledger in SQLite files.
All are runs of one model, so that champions follow on each other. The ledger keeps for ever which rows were opened, so it has a
file of its own here, and grows. `ntgate gc` leaves a run alone for an hour after its end; here it does not.
"""

from __future__ import annotations

import argparse
import gc as collector
import io
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from machine import heading, write

_EVERY, _KEPT = 10, 10  # runs between two collections; runs that stay
_LABEL = "quality"
_FLAT = 0.05  # of the mean, in a hundred runs
_DISK = ("run folders", "tables", "artifacts", "mlflow.db", "ledger.db")
_HEADS = (
    "runs",
    "s a run",
    "processor s",
    "gc, s",
    "open files",
    "threads",
    "memory, MB",
    *(f"{kind}, MB" for kind in _DISK),
    "left in /tmp",
)
_SAID = """
What grows, by straight lines through these rows; flat is within 5 % of the mean in a hundred runs of the second half. Of a model
the latest ten runs stay, and its champion with the five before it: until there are so many, folders and artifacts grow. The ledger
keeps for ever which rows were opened. In `mlflow.db` stays what MLflow itself keeps of a run that is deleted for ever, by
`mlflow gc` too: which data sets it read and which models it left (`inputs`, `input_tags`, `datasets`), and each deleted version
with its tags. What memory grows by is, as far as was looked for, MLflow's too: three places of artifacts a run, 1,024 at most.
"""


@dataclass(frozen=True)
class Look:
    """What is there after a run, or after the collection behind it.

    Attributes:
        seconds: of the run; ``processor`` of them by this process and its children.
        files: open file descriptors.
        threads: of this process.
        memory: resident bytes.
        disk: bytes by what they are.
        rest: files that were left in the folder of temporary files.
    """

    seconds: float
    processor: float
    outcome: str
    files: int
    threads: int
    memory: int
    disk: dict[str, int]
    rest: int


def night(number: int) -> dict[str, pd.DataFrame]:
    """The same source every night, and fresh rows of a target that has moved a little away from it."""

    def rows(count: int, shift: float, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(count, 6)) + shift
        score = x[:, 0] + 0.7 * x[:, 1] - 0.5 * x[:, 2] + 0.4 * x[:, 3] * x[:, 4]
        noise = rng.normal(scale=0.6, size=count)
        table = pd.DataFrame(x, columns=[f"x{column}" for column in range(6)])
        table["shop"] = rng.choice(["north", "south", "west"], count)
        return table.assign(**{_LABEL: np.where(score + noise > 2 * shift, "good", "bad")})

    return {"source": rows(400, 0.0, 0), "target": rows(60, 0.3, 2 * number + 1), "target_test": rows(300, 0.3, 2 * number + 2)}


def settings(folder: Path) -> dict[str, object]:
    """A network and a linear model with the source, both without: few steps, one seed."""
    return {
        "model": {"name": "wine", "backbone": {"kind": "mlp", "hidden": [16]}},
        "registry": {"uri": f"sqlite:///{folder}/mlflow.db"},
        "output": str(folder / "runs"),
        "quick": True,
        "strategies": ["fine_tuning", "linear_pool"],
        "scratch": ["network", "logistic"],
        "training": {"steps": 40, "source_steps": 40, "folds": 2, "processes": 1},
        "shift": {"permutations": 99, "evidently": False},
        "gate": {"seeds": 1, "ledger": {"uri": f"sqlite:///{folder}/ledger.db"}},
    }


def size(place: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if place.is_file():
        return place.stat().st_size
    return sum(os.lstat(Path(top) / file).st_size for top, _, files in os.walk(place) for file in files)


def look(folder: Path, seconds: float, processor: float, outcome: str) -> Look:
    """How things stand."""
    collector.collect()  # what waits to be freed is no growth
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    disk = {
        "run folders": size(folder / "runs" / "wine"),
        "tables": size(folder / "runs" / "tables"),
        "artifacts": size(folder / "mlartifacts"),
        "mlflow.db": sum(size(file) for file in folder.glob("mlflow.db*")),
        "ledger.db": sum(size(file) for file in folder.glob("ledger.db*")),
    }
    files, threads = len(os.listdir("/proc/self/fd")), int(status["Threads"])
    memory = int(status["VmRSS"].split()[0]) * 1024
    rest = sum(len(files) for _, _, files in os.walk(folder / "tmp"))
    return Look(seconds, processor, outcome, files, threads, memory, disk, rest)


def processor() -> float:
    """Seconds of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def in_a_row(folder: Path, runs: int) -> tuple[list[Look], list[Look], list[float]]:
    """So many runs; how things stand behind each, and behind each collection with its seconds."""
    import ntgate
    from ntgate.cli.app import run as command
    from ntgate.registry import garbage
    from ntgate.stages import left_tables

    garbage._SETTLED = left_tables._BEFORE = 0.0  # else nothing goes within the hour that this takes
    looks, collected, took = [], [], []
    for number in range(runs):
        began, before = time.perf_counter(), processor()
        result = ntgate.run(**night(number), label=_LABEL, progress=False, **settings(folder))
        looks.append(look(folder, time.perf_counter() - began, processor() - before, result.outcome))
        if (number + 1) % _EVERY == 0:
            began = time.perf_counter()
            asked = ["gc", "--uri", f"sqlite:///{folder}/mlflow.db", "--runs", f"{folder}/runs"]
            asked += ["--ledger", f"sqlite:///{folder}/ledger.db", "--keep-days", "0", "--keep-runs", str(_KEPT), "--yes", "--json"]
            answer = io.StringIO()
            with redirect_stdout(answer), redirect_stderr(sys.stderr):
                code = command(asked)
            if code != 0:
                sys.exit(answer.getvalue())
            took.append(time.perf_counter() - began)
            collected.append(look(folder, took[-1], 0.0, f"{len(json.loads(answer.getvalue())['items'])} things"))
            print(number + 1, looks[-1], collected[-1], os.getloadavg()[0], file=sys.stderr, flush=True)
    return looks, collected, took


def rows(looks: list[Look], collected: list[Look], took: list[float]) -> list[list[float]]:
    """A row for every ten runs: the medians of their seconds, and how things stand behind the collection."""
    made = []
    for place, after in enumerate(collected):
        ten = looks[place * _EVERY : (place + 1) * _EVERY]
        seconds = [median(one.seconds for one in ten), median(one.processor for one in ten), took[place]]
        made.append([(place + 1) * _EVERY, *seconds, after.files, after.threads, after.memory / 1e6])
        made[-1] += [*(size / 1e6 for size in after.disk.values()), after.rest]
    return made


def table(found: list[list[float]]) -> list[str]:
    """The rows for people."""
    lines = [f"| {' | '.join(_HEADS)} |", "| ---: " * len(_HEADS) + "|"]
    forms = ["d", ".1f", ".1f", ".1f", "d", "d", ".0f", *[".2f"] * 5, "d"]
    for row in found:
        shown = [f"{int(value) if form == 'd' else value:{form}}" for value, form in zip(row, forms, strict=True)]
        lines.append(f"| {' | '.join(shown)} |")
    return lines


def growth(found: list[list[float]]) -> list[str]:
    """By how much each figure grows in a hundred runs, by a straight line: behind the first ten, and in the second half."""
    lines = ["| figure | mean | more a hundred runs, behind ten | more, second half | |", "| --- | ---: | ---: | ---: | --- |"]
    parts = np.array(found[1:]), np.array(found[len(found) // 2 :])
    for column, name in enumerate(_HEADS):
        if name in ("runs", "gc, s", "s a run"):
            continue
        both = [float(np.polyfit(part[:, 0], part[:, column], 1)[0]) * 100 if len(part) > 1 else 0.0 for part in parts]
        mean = float(np.mean(parts[1][:, column]))
        flat = abs(both[1]) <= _FLAT * abs(mean)
        called = "flat" if flat else "grows" if both[1] > 0 else "shrinks"
        lines.append(f"| {name} | {mean:.2f} | {both[0]:+.2f} | {both[1]:+.2f} | {called} |")
    return lines


def main() -> None:
    """Run and write the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=200)
    runs = asked.parse_args().runs
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "tmp").mkdir()
        tempfile.tempdir, os.environ["TMPDIR"] = str(folder / "tmp"), str(folder / "tmp")
        began = time.perf_counter()
        looks, collected, took = in_a_row(folder, runs)
        minutes = (time.perf_counter() - began) / 60
        tempfile.tempdir = None
    found = rows(looks, collected, took)
    ends = ", ".join(
        f"{count} {outcome.replace('_', ' ')}" for outcome, count in Counter(one.outcome for one in looks).most_common()
    )
    lines = [
        heading("Runs in a row", f"python benchmarks/runs_in_a_row.py --runs {runs}"),
        f"{runs} runs of one model in one process within {minutes:.0f} minutes ({ends}), `ntgate gc --keep-days 0 "
        f"--keep-runs {_KEPT} --yes` behind every ten. Load average at the end: {os.getloadavg()[2]:.1f}; the processor's "
        "seconds are the runs' own.\n",
        *table(found),
        _SAID,
        *growth(found),
    ]
    write("runs_in_a_row.md", "\n".join(lines))


if __name__ == "__main__":
    main()
