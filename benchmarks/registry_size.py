"""How long the commands of a fleet take on a registry of many models, beside an empty one.

One real run is recorded and promoted in a SQLite registry; its rows are then copied, with ids of their own, into as many models and
versions as are asked for, one version a week up to today. Artifacts are not copied: what is measured is the database.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from machine import heading, write

from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.promotion import PromotionRequest, promote
from ntgate.registry.records import CandidateRecord, RunRecord
from ntgate.registry.tracking import record

_WEEK = 7 * 24 * 3600 * 1000
_TIMES = ("start_time", "end_time", "creation_time", "creation_timestamp_ms", "last_updated_timestamp_ms", "last_updated_time")
_ONCE = ("experiments", "experiment_tags", "registered_models", "registered_model_aliases")  # a model, not a version
_SKIPPED = ("alembic_version", "sqlite_sequence")
# What a run needs to know before it trains: the champion, its history, and the ledger that the registry knows.
_START = """
import sys, time
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.champion import champion
from ntgate.registry.ledger_tag import known_ledger
from ntgate.registry.lost_champion import lost
registry = connect(RegistryConfig(uri=sys.argv[1]), sys.argv[2])
known_ledger(registry)
champion(registry) or lost(registry)
"""


def template(file: Path) -> tuple[str, ...]:
    """Record and promote one run; the ids that are its own: experiment, runs, models, decision."""
    registry = connect(RegistryConfig(uri=f"sqlite:///{file}"), "TEMPLATE")
    tags = {"ntgate.decision_id": "DECISION", "ntgate.outcome": "promoted", "ntgate.model": "TEMPLATE"}
    arms = [CandidateRecord(name, {"steps": 200}, {"test_accuracy": 0.9}, [], tags=tags) for name in ("committee", "scratch")]
    found = record(registry, RunRecord("promoted", "note", {"seed": 0}, {"gain": 0.1}, tags, [], arms, [], key="DECISION RUN"))
    logged = registry.client.create_logged_model(found.experiment_id, name="committee", source_run_id=found.runs["committee"])
    made = {"ntgate.strategy": "committee", "ntgate.run_id": found.run_id}
    request = PromotionRequest(
        decision_id="DECISION",
        champion_seen=None,
        run_id=found.runs["committee"],
        model_id=logged.model_id,
        description="beats scratch",
        tags=made,
    )
    promote(registry, request)
    return (found.run_id, *found.runs.values(), str(logged.model_id))


def copied(file: Path, ids: tuple[str, ...], models: int, versions: int) -> None:
    """Copy the template's rows: so many models with so many versions each."""
    db = sqlite3.connect(file)
    db.execute("PRAGMA journal_mode=OFF")
    (experiment,) = db.execute("SELECT experiment_id FROM experiments WHERE name = 'TEMPLATE'").fetchone()
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if name not in _SKIPPED]
    pattern = re.compile("|".join([*map(re.escape, ids), "TEMPLATE", "DECISION"]))
    for table in tables:
        columns = [column[1] for column in db.execute(f'PRAGMA table_xinfo("{table}")') if column[6] == 0]
        listed = ", ".join(f'"{column}"' for column in columns)
        rows = [row for row in db.execute(f'SELECT {listed} FROM "{table}"') if _mine(row, columns, pattern, experiment)]
        if rows:
            marks = ", ".join("?" * len(columns))
            several = 1 if table in _ONCE else versions
            made = _copies(rows, columns, pattern, experiment, models, several, versions)
            db.executemany(f'INSERT INTO "{table}" ({listed}) VALUES ({marks})', made)
    db.commit()
    db.close()


def _mine(row: tuple[Any, ...], columns: list[str], pattern: re.Pattern[str], experiment: int) -> bool:
    told = any(isinstance(value, str) and pattern.search(value) for value in row)
    return told or ("experiment_id" in columns and row[columns.index("experiment_id")] == experiment)


def _copies(
    rows: list[tuple[Any, ...]],
    columns: list[str],
    pattern: re.Pattern[str],
    experiment: int,
    models: int,
    several: int,
    versions: int,
) -> Iterator[list[Any]]:
    for model in range(models):
        for number in range(1, several + 1):
            age = (versions - number) * _WEEK if several > 1 else 0

            def named(found: re.Match[str], model: int = model, number: int = number) -> str:
                own = {"TEMPLATE": f"model-{model:04}", "DECISION": f"decision-{model}-{number}"}
                # As long as MLflow's own ids, and different in their beginning.
                return own.get(found[0]) or (f"{model:05x}{number:03x}" + found[0].replace("m-", "")[8:]).rjust(len(found[0]), "m")

            # The champion is the newest version of one model in four, and behind it in the others.
            fixed = {"experiment_id": experiment + 1 + model, "version": versions - model % 4 if several == 1 else number}
            for row in rows:
                new = [_value(column, value, fixed, age, named, pattern) for column, value in zip(columns, row, strict=True)]
                if "key" in columns and row[columns.index("key")] == "ntgate.previous_champion":
                    new[columns.index("value")] = str(number - 1) if number > 1 else "none"
                yield new


def _value(column: str, value: Any, fixed: dict[str, int], age: int, named: Any, pattern: re.Pattern[str]) -> Any:
    if column in fixed:
        return fixed[column]
    if column in _TIMES and isinstance(value, int):
        return value - age
    return pattern.sub(named, value) if isinstance(value, str) else value


def timed(*command: str) -> tuple[float, float, str]:
    """Seconds, processor seconds and answer of a command in a process of its own, imports included."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used, done.stdout


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--models", type=int, default=1000)
    asked.add_argument("--versions", type=int, default=20)
    given = asked.parse_args()
    ntgate = (sys.executable, "-m", "ntgate")
    with tempfile.TemporaryDirectory() as folder:
        rows = {}
        for name, models in (("one model", 0), ("full", given.models)):
            file = Path(folder) / name.replace(" ", "") / "mlflow.db"
            file.parent.mkdir()
            ids = template(file)
            if models:
                copied(file, ids, models, given.versions)
            uri, one = f"sqlite:///{file}", f"model-{models // 2:04}" if models else "TEMPLATE"
            commands = {
                "`ntgate status`, all models": (*ntgate, "status", "--uri", uri, "--json"),
                "`ntgate status NAME`": (*ntgate, "status", one, "--uri", uri, "--json"),
                "what `ntgate run` asks before it trains": (sys.executable, "-c", _START, uri, one),
                "`ntgate gc`, nothing is old enough": (*ntgate, "gc", "--uri", uri, "--keep-days", "9999", "--json"),
                "`ntgate gc`, what is older than 90 days and beyond 10 runs": (
                    *ntgate,
                    "gc",
                    "--uri",
                    uri,
                    "--keep-runs",
                    "10",
                    "--json",
                ),
            }
            for what, command in commands.items():
                seconds, used, answer = timed(*command)
                found = json.loads(answer) if answer else {}
                rows.setdefault(what, []).append((seconds, used, len(found["items"]) if "items" in found else None))
            print(name, file.stat().st_size, rows, file=sys.stderr)
            size = file.stat().st_size
    lines = [
        heading("Commands on a registry of many models", "python benchmarks/registry_size.py"),
        f"{given.models:,} models with {given.versions} versions each in one SQLite file ({size / 1e6:,.0f} MB), a week apart, the "
        "champion among the last four; seconds of a command in a process of its own, of which importing MLflow is most where there "
        f"is one model. Load average: {os.getloadavg()[2]:.0f}; the processor's seconds are the command's own.\n",
        "| command | one model | all | one model, processor | all, processor | more, processor | found |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for what, ((small, least, _), (large, most, many)) in rows.items():
        numbers = (small, large, least, most, most - least)
        told = "" if many is None else f"{many:,} runs"
        lines.append(f"| {what} | {' | '.join(f'{number:.1f}' for number in numbers)} | {told} |")
    write("fleet.md", "\n".join(lines))


if __name__ == "__main__":
    main()
