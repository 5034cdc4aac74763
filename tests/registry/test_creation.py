"""MLflow's tables in a SQLite file, under kills, races and files of all kinds."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from ntgate.errors import RegistryError
from ntgate.registry import creation
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from tests.registry.conftest import FOREST


def opened(place: Path | str) -> list[str]:
    uri = place if isinstance(place, str) else f"sqlite:///{place}"
    config = RegistryConfig(uri=uri, timeout_seconds=1 if isinstance(place, Path) else 30, artifact_location="file:///nowhere")
    return [experiment.name for experiment in connect(config, "reader").client.search_experiments()]


def change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def _crash(file: str) -> None:
    """End in the middle of a transaction, as a killed process does."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")  # pages reach the file before the transaction ends
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO tags VALUES (?, ?, 'run')", [(f"key{i}", "v" * 500) for i in range(2000)])
    os._exit(9)


def end_while_opening(place: Path | str, seconds: float, number: signal.Signals) -> None:
    process = FOREST.Process(target=opened, args=(place,))
    process.start()
    time.sleep(seconds)
    if process.is_alive():
        os.kill(process.pid, number)
    process.join()


def seconds_to_open(place: Path | str) -> float:
    began = time.monotonic()
    end_while_opening(place, 0, signal.SIGCONT)
    return time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_tables_are_made_destroys_nothing(tmp_path, number):
    seconds = seconds_to_open(tmp_path / "whole.db")
    for i in range(1, 6):
        file = tmp_path / f"cut{i}.db"
        end_while_opening(file, seconds * (i + 0.5) / 6, number)
        assert opened(file) == ["Default"], i
        assert {path.name for path in tmp_path.glob(f"*cut{i}*")} == {file.name, f".{file.name}.lock"}


def test_the_transaction_writes_to_the_registry_alone(tmp_path, monkeypatch):
    """One that could write to a second file has a journal of its own, which a kill leaves beside the registry."""
    copy = creation._copy

    def copied(connection: sqlite3.Connection) -> None:
        copy(connection)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM fresh.experiments")

    monkeypatch.setattr(creation, "_copy", copied)
    assert opened(tmp_path / "mlflow.db") == ["Default"]


@pytest.mark.slow
def test_postgresql_takes_back_what_was_cut_short(postgres_cluster):
    seconds = seconds_to_open(postgres_cluster.database())
    for i in range(1, 5):
        uri = postgres_cluster.database()
        end_while_opening(uri, seconds * i / 5, signal.SIGKILL)
        assert opened(uri) == ["Default"], i
        postgres_cluster.disconnect(uri.rpartition("/")[2])


@pytest.mark.slow
def test_two_that_create_it_at_once_both_end_well(tmp_path):
    processes = [FOREST.Process(target=opened, args=(tmp_path / "mlflow.db",)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert opened(tmp_path / "mlflow.db") == ["Default"]


def test_a_transaction_that_a_crash_cut_short_is_taken_back(tmp_path, empty_database):
    file = tmp_path / "mlflow.db"
    shutil.copy(empty_database, file)
    process = FOREST.Process(target=_crash, args=(str(file),))
    process.start()
    process.join()
    assert file.with_name("mlflow.db-journal").exists()
    assert opened(file) == ["Default"]


def test_what_else_stands_in_the_file_stays(tmp_path):
    file = tmp_path / "mlflow.db"
    change(file, "CREATE TABLE ntgate_ledger_entries (id INTEGER)", "INSERT INTO ntgate_ledger_entries VALUES (7)")
    assert opened(file) == ["Default"]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT id FROM ntgate_ledger_entries").fetchall() == [(7,)]


def test_an_empty_file_is_filled(tmp_path):
    (tmp_path / "mlflow.db").touch()
    assert opened(tmp_path / "mlflow.db") == ["Default"]


@pytest.mark.parametrize("ledger", [False, True])
def test_a_half_made_file_of_an_earlier_version_is_told_how_to_mend(tmp_path, empty_database, ledger):
    file = tmp_path / "mlflow.db"
    shutil.copy(empty_database, file)
    change(file, "DELETE FROM experiments", "UPDATE alembic_version SET version_num = '451aebb31d03'", "DROP TABLE spans")
    if ledger:
        change(file, "CREATE TABLE ntgate_ledger_entries (id INTEGER)", "INSERT INTO ntgate_ledger_entries VALUES (7)")
    before = file.read_bytes()
    with pytest.raises(RegistryError) as caught:
        opened(file)
    assert caught.value.got == f"{file}, whose creation was cut short; it holds no experiment and no model"
    assert f"mv '{file}' '{file}.half'" in caught.value.fix
    assert ("gate.ledger.uri" in caught.value.fix) == ledger
    assert caught.value.exit_code == 6
    assert file.read_bytes() == before
    file.rename(f"{file}.half")
    assert opened(file) == ["Default"]


def test_the_tables_of_another_mlflow_are_not_migrated_by_the_way(tmp_path, empty_database):
    file = tmp_path / "mlflow.db"
    shutil.copy(empty_database, file)
    change(file, "UPDATE alembic_version SET version_num = '451aebb31d03'", "DROP TABLE spans")
    before = file.read_bytes()
    with pytest.raises(RegistryError, match=r"those of another version; copy it, then `mlflow db upgrade"):
        opened(file)
    assert file.read_bytes() == before


def test_another_programs_file_is_left_alone(tmp_path):
    file = tmp_path / "zenml.db"
    change(file, "CREATE TABLE alembic_version (version_num TEXT)", "CREATE TABLE pipeline (id INTEGER)")
    with pytest.raises(RegistryError, match="another program's"):
        opened(file)
