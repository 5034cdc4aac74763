"""A real MLflow server on loopback, once a session."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an MLflow server on SQLite that serves its own artifacts."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "artifacts"),
        "--allowed-hosts", f"127.0.0.1:{port}",
    ]  # fmt: skip
    log = (folder / "log").open("w")
    with subprocess.Popen(
        command, cwd=folder, stdout=log, stderr=log, start_new_session=True, env={**os.environ}
    ) as process:
        try:
            _wait(address, process)
            yield address
        finally:
            os.killpg(process.pid, 9)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail("the MLflow server ended at its start")
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2)
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail("the MLflow server did not answer within 90 seconds")
