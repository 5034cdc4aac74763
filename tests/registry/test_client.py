from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from ntgate.errors import RegistryError
from ntgate.registry.champion import champion
from ntgate.registry.client import Registry, connect, exists
from ntgate.registry.config import RegistryConfig


@pytest.fixture
def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def refusal(uri: str, **settings) -> tuple[RegistryError, float]:
    began = time.monotonic()
    with pytest.raises(RegistryError) as caught:
        connect(RegistryConfig(uri=uri, **settings), "reader")
    return caught.value, time.monotonic() - began


def test_dead_server_is_noticed_soon_and_named_without_credentials(free_port):
    error, seconds = refusal(f"http://ann:secret@127.0.0.1:{free_port}")
    assert str(error) == (
        f"registry http://***@127.0.0.1:{free_port}: expected an MLflow registry that answers, got connection refused; "
        "start it, or correct registry.uri."
    )
    assert error.exit_code == 6
    assert seconds < 15


def test_server_that_accepts_but_never_answers():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        error, seconds = refusal(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=1)
    assert error.got == "no answer in time"
    assert seconds < 5


def test_server_that_is_no_mlflow():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        error, _ = refusal(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
    assert "501" in error.got


def test_unknown_host():
    error, seconds = refusal("http://nowhere.invalid:5000", timeout_seconds=2)
    assert error.got in ("an unknown host name", "no answer in time")
    assert seconds < 15


def test_dead_database_is_noticed_soon(free_port):
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is an extra")
    error, seconds = refusal(f"postgresql://ann:secret@127.0.0.1:{free_port}/mlflow")
    assert "secret" not in str(error)
    assert "refused" in error.got
    assert seconds < 15


def test_a_database_that_dies_after_it_was_reached_is_noticed_soon(postgres_cluster, empty_postgres, tmp_path):
    """MLflow has two stores behind one address, and waits minutes for a database that is not there when it opens one."""
    config = RegistryConfig(uri=postgres_cluster.database(empty_postgres), artifact_location=tmp_path.as_uri())
    registry = connect(config, "reader")
    postgres_cluster.crash()
    try:
        began = time.monotonic()
        with pytest.raises(RegistryError, match="expected an MLflow registry that"):
            champion(registry)
        assert time.monotonic() - began < 15
    finally:
        postgres_cluster.start()


def test_missing_folder(tmp_path):
    error, _ = refusal(f"sqlite:///{tmp_path / 'nowhere' / 'mlflow.db'}")
    assert str(error) == (
        f"registry.uri: expected an existing folder for mlflow.db, got no folder {tmp_path / 'nowhere'}; create it."
    )
    assert not (tmp_path / "nowhere").exists()


def test_file_that_is_no_database(tmp_path):
    file = tmp_path / "mlflow.db"
    file.write_bytes(b"not a database, but long enough to be read as the header of one: " * 40)
    error, seconds = refusal(f"sqlite:///{file}")
    assert error.got == "file is not a database"
    assert seconds < 5


def test_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "mlflow.db").mkdir()
    assert refusal(f"sqlite:///{tmp_path / 'mlflow.db'}")[0].got == "a folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    try:
        assert "read-only" in refusal(f"sqlite:///{tmp_path / 'mlflow.db'}")[0].got
    finally:
        tmp_path.chmod(0o700)


def test_a_new_database_is_made_in_silence_and_nothing_is_left_in_the_working_folder(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "cwd").mkdir()
    code = (
        "from ntgate.registry.client import connect; from ntgate.registry.config import RegistryConfig;"
        "r = connect(RegistryConfig(uri='sqlite:///../home/mlflow.db'), 'reader');"
        "run = r.client.create_run(r.experiment()).info.run_id; r.client.log_text(run, 'x', 'note.txt');"
        "print(r.client.get_experiment_by_name('reader').artifact_location)"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "cwd", capture_output=True, text=True, check=True)
    assert told.stderr == ""
    assert told.stdout.strip() == (tmp_path / "home" / "mlartifacts" / "reader").as_uri()
    assert list((tmp_path / "cwd").iterdir()) == []
    assert len(list((tmp_path / "home" / "mlartifacts" / "reader").rglob("note.txt"))) == 1


def test_asking_whether_it_exists_makes_nothing(tmp_path, config):
    assert not exists(RegistryConfig(uri=f"sqlite:///{tmp_path / 'other.db'}"))
    assert not (tmp_path / "other.db").exists()
    assert exists(config)
    assert exists(RegistryConfig(uri="http://127.0.0.1:1"))


def test_artifacts_beside_a_bare_database_need_a_place(registry):
    bare = registry.config.model_copy(update={"uri": "postgresql://db/mlflow"})
    with pytest.raises(RegistryError, match=r"registry\.artifact_location: expected where artifacts go"):
        Registry(registry.client, bare, "unheard of").experiment()


def test_a_deleted_experiment_is_not_written_to(registry):
    registry.client.delete_experiment(registry.experiment())
    with pytest.raises(RegistryError, match="got a deleted one; restore it"):
        registry.experiment()


def test_a_new_experiment_is_shown_as_one_of_models(registry):
    tags = registry.client.get_experiment(registry.experiment()).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"
