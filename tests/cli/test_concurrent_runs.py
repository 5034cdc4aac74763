"""Processes of one machine that start on ZenML and on the registry at the same time, before either exists."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
THREE = 3


def at_once(config: Path, *commands: list[str]) -> list[tuple[int, str, str]]:
    """Start the commands together on one fresh ZenML configuration; code, output and log of each."""
    environment = {**os.environ, "ZENML_CONFIG_PATH": str(config), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for command in commands
    ]
    return [(process.returncode, out, log) for process in started for out, log in [process.communicate(timeout=500)]]


def sound(config: Path) -> sqlite3.Connection:
    """ZenML's database after its own check, with exactly one of everything that a first start creates."""
    settings = yaml.safe_load((config / "config.yaml").read_text())
    connection = sqlite3.connect(settings["store"]["database"])
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    for table in ("project", "stack", "user"):
        assert connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() == (1,), table
    (stack,) = connection.execute("SELECT id FROM stack").fetchone()
    assert settings["active_stack_id"].replace("-", "") == stack
    return connection


OPEN = "from ntgate.cli.store import client; print(client().active_stack_model.id)"
REFUSED = """
from ntgate.cli.store import client
from ntgate.errors import ConfigError
try:
    client()
except ConfigError as error:
    print(error)
"""


def test_three_processes_open_a_store_that_is_not_there(tmp_path):
    answers = at_once(tmp_path / "zenml", *([["-c", OPEN]] * THREE))
    for code, _, log in answers:
        assert code == 0, log
    assert len({out for _, out, _ in answers}) == 1
    sound(tmp_path / "zenml").close()


REGISTER = """
import sys
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
print(connect(RegistryConfig(uri=sys.argv[1]), "reader").experiment())
"""


def rows(database: Path, table: str) -> int:
    """How many rows a table has; -1 where there is none yet."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as store:
            return int(store.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])
    except sqlite3.OperationalError:
        return -1


@pytest.mark.parametrize(("table", "number"), [("stack", 0), pytest.param("flavor", 1, marks=pytest.mark.slow)])
def test_a_store_whose_making_was_cut_short_is_made_anew(tmp_path, table, number):
    """Killed when its tables are being made, and when the first of what has to stand in them does: ZenML opens neither."""
    config = tmp_path / "zenml"
    database = config / "local_stores" / "default_zen_store" / "zenml.db"
    environment = {**os.environ, "ZENML_CONFIG_PATH": str(config), "PYTHONPATH": str(ROOT)}
    making = subprocess.Popen([sys.executable, "-c", OPEN], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    while rows(database, table) < number and making.poll() is None:
        pass
    making.kill()
    assert making.wait() == -signal.SIGKILL
    ((code, _, log),) = at_once(config, ["-c", OPEN])
    assert code == 0, log
    sound(config).close()
    assert (database.parent / "half-made.db").exists()
    assert "the making of ZenML's store was cut short" in log


def test_a_store_that_opens_is_never_made_anew(tmp_path):
    config = tmp_path / "zenml"
    assert at_once(config, ["-c", OPEN])[0][0] == 0
    stores = config / "local_stores" / "default_zen_store"
    (stores / ".ntgate.making").touch()  # as if ZenML's own command line had finished it
    assert at_once(config, ["-c", OPEN])[0][0] == 0
    assert {path.name for path in stores.iterdir()} == {"zenml.db"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "sqlite:///{}/own.db"])
def test_beside_another_store_nothing_is_made_where_zenmls_own_would_lie(tmp_path, monkeypatch, url):
    """A step in a container may be unable to write there, and has no use for it."""
    stores = tmp_path / "stores"
    monkeypatch.setenv("ZENML_LOCAL_STORES_PATH", str(stores))
    monkeypatch.setenv("ZENML_STORE_URL", url.format(tmp_path))
    ((code, _, _),) = at_once(tmp_path / "zenml", ["-c", OPEN])
    assert code == (1 if url.startswith("http") else 0)
    assert not list(stores.rglob("*"))


def test_three_processes_open_a_registry_that_is_not_there(tmp_path):
    answers = at_once(tmp_path / "zenml", *([["-c", REGISTER, f"sqlite:///{tmp_path}/mlflow.db"]] * THREE))
    for code, _, log in answers:
        assert code == 0, log
    assert len({out for _, out, _ in answers}) == 1
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as registry:
        assert registry.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_configuration_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    _, out, log = at_once(tmp_path / "file" / "zenml", ["-c", REFUSED])[0]
    assert "ZENML_CONFIG_PATH: expected a folder that can be written to" in out, log


@pytest.mark.slow
def test_three_runs_at_once_on_a_fresh_store_and_one_registry(project):
    """Different seeds are different decisions, so two promotions against the same champion cannot both hold."""
    run = ["-m", "ntgate", "run", str(project / "config.yaml"), "--json", "--set", "strategies=[{kind: linear_pool}]"]
    runs = [[*run, "--set", f"seed={seed}"] for seed in range(THREE)]
    answers = at_once(project / "zenml", *runs)
    for code, out, log in answers:
        assert "Traceback" not in log
        answer = json.loads(out)
        assert (code, answer.get("outcome")) in {(0, "promoted"), (3, "rejected"), (4, "inconclusive"), (6, None)}, log
        if code == 6:
            assert "champion" in answer["errors"][0]["message"]
    codes = [code for code, _, _ in answers]
    assert 0 in codes
    with closing(sound(project / "zenml")) as store:
        statuses = [status for (status,) in store.execute("SELECT status FROM pipeline_run")]
        assert len(statuses) == THREE
        assert statuses.count("completed") == sum(code != 6 for code in codes)
        assert statuses.count("failed") == codes.count(6)
    with closing(sqlite3.connect(project / "mlflow.db")) as registry:
        assert registry.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        promoted = {json.loads(out)["registry"]["version"] for code, out, _ in answers if code == 0}
        (champion,) = registry.execute("SELECT version FROM registered_model_aliases WHERE alias = 'champion'").fetchone()
        assert str(champion) in promoted
