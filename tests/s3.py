"""A real S3 server (moto) on loopback, once a session, with a bucket of its own for each test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest


@dataclass(frozen=True)
class Bucket:
    """A bucket that exists and is empty.

    Attributes:
        name: the bucket's name.
        endpoint: address of the server.
        environment: the variables that lead a process, this one or a child, to the server.
    """

    name: str
    endpoint: str
    environment: dict[str, str]

    def url(self, key: str) -> str:
        """The URI of a key."""
        return f"s3://{self.name}/{key}"

    @property
    def files(self) -> Any:
        """The file system, past every cache."""
        import fsspec

        return fsspec.filesystem("s3", skip_instance_cache=True)

    def put(self, local: Path, key: str) -> str:
        """Upload a file or a folder, and return its URI."""
        self.files.put(str(local), self.url(key), recursive=local.is_dir())
        return self.url(key)


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an S3 server that keeps everything in memory and takes any credentials."""
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'ntgate[s3]'")
    pytest.importorskip("moto", reason="moto is not installed: pip install 'moto[server]'")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (
        (tmp_path_factory.mktemp("s3") / "log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env={**os.environ}) as process,
    ):
        try:
            _wait(address, process)
            yield address
        finally:
            os.killpg(process.pid, 9)


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A fresh bucket; the environment of this test leads to its server."""
    environment = {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "MLFLOW_S3_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "an-access-key",
        "AWS_SECRET_ACCESS_KEY": "a-secret-key",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    bucket = Bucket(f"data-{uuid4().hex[:12]}", s3_endpoint, environment)
    bucket.files.mkdir(bucket.name)
    return bucket


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail("the S3 server ended at its start")
        try:
            urllib.request.urlopen(f"{address}/moto-api/", timeout=2)
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the S3 server did not answer within 60 seconds")
