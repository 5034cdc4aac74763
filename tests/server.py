"""A real MLflow server on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

# Its runner of jobs, which nothing here asks for one, is a dozen processes that each import MLflow.
WITHOUT_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


class Server:
    """An MLflow server that can be killed and started again at the same address.

    Args:
        folder: takes its log and its artifacts.
        backend: the address of its database.
        artifacts: where it keeps artifacts; None: in its folder.
    """

    def __init__(self, folder: Path, backend: str, artifacts: str | None = None) -> None:
        self.folder, self.backend = folder, backend
        self.artifacts = artifacts or str(folder / "artifacts")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--workers",
            "1",
            "--backend-store-uri",
            self.backend,
            "--artifacts-destination",
            self.artifacts,
            "--allowed-hosts",
            f"127.0.0.1:{self.port}",
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True, env={**os.environ, **WITHOUT_JOBS}
            )
        deadline = time.monotonic() + 240
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/health", timeout=2).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    pytest.fail(f"the MLflow server did not start: {(self.folder / 'log').read_text()[-2000:]}")
                time.sleep(0.2)

    def kill(self) -> None:
        """End it without a word."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an MLflow server on SQLite that serves its own artifacts, once a session."""
    folder = tmp_path_factory.mktemp("mlflow")
    with Server(folder, f"sqlite:///{folder}/mlflow.db") as running:
        yield running.address
