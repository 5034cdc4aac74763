"""MLflow's tables in a SQLite file: all of them or none, whenever the process is ended.

MLflow makes its tables by some seventy migrations. On SQLite each statement stands by itself, so that what a signal leaves is a
file that no later MLflow can open. PostgreSQL takes the migrations back as one transaction: nothing has to be done for it.
"""

from __future__ import annotations

import errno
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Literal

from ntgate.errors import RegistryError

State = Literal["none", "complete", "half", "other", "foreign"]
_MLFLOW = {"experiments", "runs", "metrics", "params"}  # there from the first migration to the last
_WAIT_SECONDS = 60.0  # for another writer of the file


def prepare(file: Path, timeout_seconds: float) -> None:
    """Create MLflow's tables in ``file`` where there are none, and refuse a file that MLflow would destroy or cannot open.

    The migrations run on a file of their own; what comes of them enters ``file`` in one transaction. What else stands in ``file``,
    such as the ledger, stays.

    Args:
        file: it need not exist.
        timeout_seconds: how long a half-made file may take to become whole: another program may be making it.

    Raises:
        RegistryError: when the file's creation was cut short, or its tables are those of another version of MLflow.
        OSError: when the file cannot be written to.
    """
    end = time.monotonic() + timeout_seconds
    try:
        while (state := _state(file)) == "half" and time.monotonic() < end:
            time.sleep(0.5)
        if state == "none":
            _create(file)
    except sqlite3.Error as error:
        raise sqlite_fault(file, error) from error
    if state == "half":
        raise _half_made(file)
    if state == "foreign":
        raise RegistryError(
            "registry.uri",
            expected="MLflow's SQLite file, or one to be created",
            got=f"another program's, {file}",
            fix="choose another file",
        )
    if state == "other":
        raise RegistryError(
            "registry.uri",
            expected="a SQLite file with the tables of the MLflow that is installed",
            got=f"{file} with those of another version",
            fix=f"copy it, then `mlflow db upgrade sqlite:///{file}`, or install that MLflow",
        )


def sqlite_fault(file: Path, error: sqlite3.Error) -> OSError:
    """SQLite's error as one of the system; a full disk keeps its number."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return OSError(errno.ENOSPC, str(error), str(file))
    return OSError(f"{file}: {error}")


def _state(file: Path) -> State:
    """How far MLflow's tables have come."""
    from mlflow.store.db.utils import _get_latest_schema_revision

    if not file.exists():
        return "none"
    with closing(_open(file)) as connection:
        known = _tables(connection)
        if not known & _MLFLOW:
            return "foreign" if "alembic_version" in known else "none"
        versions = connection.execute("SELECT version_num FROM alembic_version").fetchall() if "alembic_version" in known else []
        if versions == [(_get_latest_schema_revision(),)]:
            return "complete"
        # MLflow creates an experiment with the tables: without one nobody has ever used them.
        used = "experiments" in known and connection.execute("SELECT count(*) FROM experiments").fetchone() != (0,)
        return "other" if used else "half"


def _create(file: Path) -> None:
    from mlflow.db import upgrade

    with tempfile.TemporaryDirectory(prefix="ntgate-") as folder:
        fresh = Path(folder) / "mlflow.db"
        upgrade.callback(f"sqlite:///{fresh}")  # the command `mlflow db upgrade`
        with closing(sqlite3.connect(file.as_uri(), uri=True, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
            # For reading: a transaction of two files that can be written to has a journal of its own, which a kill leaves for ever.
            connection.execute("ATTACH DATABASE ? AS fresh", (f"{fresh.as_uri()}?mode=ro",))
            connection.execute("BEGIN IMMEDIATE")
            if not _tables(connection) & _MLFLOW:  # else another process was faster
                _copy(connection)
            connection.execute("COMMIT")


def _copy(connection: sqlite3.Connection) -> None:
    """Make everything that is in ``fresh`` in ``main``."""
    made = connection.execute(
        "SELECT type, name, sql FROM fresh.sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!' "
        "ORDER BY type != 'table', rowid"
    ).fetchall()
    for _, _, statement in made:
        connection.execute(statement)
    for kind, table, _ in made:
        if kind != "table":
            continue
        plain = [column[1] for column in connection.execute(f'PRAGMA fresh.table_xinfo("{table}")') if column[6] == 0]
        columns = ", ".join(f'"{column}"' for column in plain)  # without those that the database computes
        connection.execute(f'INSERT INTO main."{table}" ({columns}) SELECT {columns} FROM fresh."{table}"')  # noqa: S608


def _open(file: Path) -> sqlite3.Connection:
    # For writing: what a killed process left behind is rolled back by whoever opens the file next.
    return sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=_WAIT_SECONDS, isolation_level=None)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")}


def _half_made(file: Path) -> RegistryError:
    with closing(_open(file)) as connection:
        ledger = (
            "ntgate_ledger_entries" in _tables(connection)
            and connection.execute("SELECT count(*) FROM ntgate_ledger_entries").fetchone()
        )
    keep = f", and as gate.ledger.uri sqlite:///{file}.half to keep the ledger of test rows in it" if ledger and ledger[0] else ""
    return RegistryError(
        "registry.uri",
        expected="a SQLite file with all of MLflow's tables",
        got=f"{file}, whose creation was cut short; it holds no experiment and no model",
        fix=f"move it away, mv '{file}' '{file}.half', and run again{keep}",
    )
