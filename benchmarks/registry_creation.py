"""Whether a signal breaks a SQLite registry while it is created: its tables are MLflow's, made by some seventy migrations.

A process of its own connects to a file that is not there, as the first run of a project does, and is struck at a moment that is
drawn uniformly over the CPU time that the creation takes. Then another one connects to what is left.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from machine import heading, write
from moments.faults import await_moment

FOREST = multiprocessing.get_context("forkserver")  # each starts with MLflow imported, and with nothing else in common
PRELOADED = ["mlflow", "ntgate.cli.app", "ntgate.registry.client", "mlflow.store.tracking.sqlalchemy_store"]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
MEASURED = 5
WINDOW = 0.03  # seconds
WHAT = """
A process connects to `sqlite:///mlflow.db` in an empty folder, with the handling of signals that every command of ntgate has,
and gets one signal at a moment drawn uniformly over the {seconds:.2f} s of CPU time that a creation takes here, the longest of
{measured}. Then another process connects. Nearly all of that time is MLflow's migrations, in a file of ntgate's own; what comes
of them enters the registry in one transaction. The last line's moments are drawn over the {window:.0f} ms after the registry's file
is there, in which it is written.

- *struck, missed*: the process had not come to its end, or had; each signal is sent until it has struck {moments} times.
- *nothing, half, all*: what was there then of MLflow's tables. ntgate makes them in a file of its own, so half should never be.
- *broken*: the second process did not end well; or what it left differs from what a creation leaves that nobody strikes, in
  tables, columns, constraints, indexes, numbers of rows, MLflow's revision or SQLite's own check; or something lies beside the
  file and its lock.
- *temporary*: a folder `ntgate-...` stayed where the system keeps temporary files, which a killed process cannot remove.

| signal | struck | missed | nothing | half | all | temporary | broken |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


class Moment(NamedTuple):
    """One signal: whether it struck, how far MLflow's tables had come, whether a temporary folder stayed, and what is broken."""

    struck: bool
    state: str
    litter: bool
    broken: str


def create(folder: str) -> None:
    """Connect to the registry in ``folder``, and leave beside it how much CPU time that took."""
    tempfile.tempdir = f"{folder}.tmp"
    sys.stderr = io.StringIO()  # what Python says of an interrupt
    from ntgate.cli.signals import received, terminable
    from ntgate.registry.client import connect
    from ntgate.registry.config import RegistryConfig

    with terminable():
        connect(RegistryConfig(uri=f"sqlite:///{folder}/mlflow.db"), "reader")
    Path(f"{folder}.seconds").write_text(str(time.process_time()), encoding="utf-8")
    os._exit(received() or 0)  # Python drops an interrupt that comes within a callback; a command ends by it all the same


def started(folder: Path) -> Any:
    """A process that creates the registry in ``folder``."""
    for place in (folder, Path(f"{folder}.tmp")):
        place.mkdir(exist_ok=True)
    process = FOREST.Process(target=create, args=(str(folder),))
    process.start()
    return process


def undisturbed(folder: Path) -> float:
    """CPU seconds of a creation that nobody strikes."""
    process = started(folder)
    process.join()
    if process.exitcode != 0:
        raise SystemExit(f"a creation that nobody struck ended with {process.exitcode}")
    return float(Path(f"{folder}.seconds").read_text(encoding="utf-8"))


def schema(connection: sqlite3.Connection) -> list[tuple[str, str, list[str]]]:
    """Kind, name and definition of everything in a database; a table's constraints, which come in any order, in one order."""
    made = connection.execute("SELECT type, name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name")
    return [(kind, name, sorted(line.strip(" ,\t") for line in text.splitlines())) for kind, name, text in made]


def contents(file: Path) -> tuple[Any, ...]:
    """What two registries have in common that hold no model: the schema, numbers of rows, MLflow's revision, SQLite's check."""
    with closing(sqlite3.connect(file)) as connection:
        made = schema(connection)
        tables = [name for kind, name, _ in made if kind == "table"]
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables}
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return made, rows, revision, connection.execute("PRAGMA integrity_check").fetchall()


def state(file: Path, whole: tuple[Any, ...]) -> str:
    """How far MLflow's tables have come; a transaction that was cut short is taken back by asking, as the next creation would."""
    if not file.exists():
        return "nothing"
    with closing(sqlite3.connect(file)) as connection:
        made = schema(connection)
    return "all" if made == whole[0] else "half" if made else "nothing"


def await_file(process: Any, file: Path, seconds: float) -> bool:
    """Wait until ``file`` has been there for so long; whether the process is alive then."""
    while process.is_alive() and not file.exists():
        time.sleep(0.0005)
    time.sleep(seconds)
    return bool(process.is_alive())


def strike(folder: Path, number: signal.Signals, share: float, seconds: float, whole: tuple[Any, ...]) -> Moment:
    """Send a signal at a share of the CPU time of a creation, or of the time in which the file is written where that is 0.

    Then look at what is left, and at what the next creation makes of it.
    """
    process = started(folder)
    file = folder / "mlflow.db"
    struck = await_moment(process, share * seconds) if seconds else await_file(process, file, share * WINDOW)
    if struck:
        os.kill(process.pid, number)
    process.join()
    struck = struck and process.exitcode != 0
    litter = any(Path(f"{folder}.tmp").iterdir())
    found = state(file, whole)
    again = started(folder)
    again.join()
    if again.exitcode != 0:
        return Moment(struck, found, litter, f"the next creation ended with {again.exitcode}")
    if contents(file) != whole:
        return Moment(struck, found, litter, "the registry is another one")
    beside = sorted({path.name for path in folder.iterdir()} - {"mlflow.db", ".mlflow.db.lock"})
    return Moment(struck, found, litter, f"{', '.join(beside)} lies beside the registry" if beside else "")


def row(words: str, moments: list[Moment]) -> str:
    """The line of a signal."""
    states = " | ".join(str(sum(moment.state == name for moment in moments)) for name in ("nothing", "half", "all"))
    struck, litter = (sum(getattr(moment, name) for moment in moments) for name in ("struck", "litter"))
    broken = sum(bool(moment.broken) for moment in moments)
    return f"| {words} | {struck} | {len(moments) - struck} | {states} | {litter} | {broken} |\n"


def main() -> None:
    """Strike, and write the table."""
    parser = argparse.ArgumentParser(description="Signals while a SQLite registry is created.")
    parser.add_argument("--moments", type=int, default=40, help="at which each signal strikes")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    FOREST.set_forkserver_preload(PRELOADED)
    dice, told, broken = random.Random(given.seed), "", []
    with tempfile.TemporaryDirectory() as home:
        undisturbed(Path(home, "first"))  # reads what the others find in the system's cache
        seconds = max(undisturbed(Path(home, f"whole{i}")) for i in range(MEASURED))
        whole = contents(Path(home, "whole0", "mlflow.db"))
        lines = [(number.name, number, seconds) for number in SIGNALS]
        for words, number, over in [*lines, ("SIGKILL while the file is written", signal.SIGKILL, 0.0)]:
            moments: list[Moment] = []
            while (struck := sum(moment.struck for moment in moments)) < given.moments:
                place = Path(home, f"{words.replace(' ', '-')}-{len(moments)}")
                moments.append(strike(place, number, dice.random(), over, whole))
                print(f"  {words}, {struck} of {given.moments}: {moments[-1]}", file=sys.stderr, flush=True)
            told += row(words, moments)
            broken += [moment for moment in moments if moment.broken]
    option = "" if given.moments == 40 else f" --moments {given.moments}"
    head = heading("Signals while the registry is created", f"python benchmarks/registry_creation.py{option}")
    write(
        "registry_creation.md",
        head + WHAT.format(seconds=seconds, measured=MEASURED, moments=given.moments, window=1000 * WINDOW) + told.rstrip(),
    )
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
