"""A PostgreSQL cluster of the tests' own on loopback, once a session, with a fresh database for each test."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

# Nothing here has to outlive the tests: no flushing to the disk.
_SETTINGS = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "listen_addresses": "127.0.0.1",
    "max_connections": "200", "shared_buffers": "32MB", "autovacuum": "off", "jit": "off",
}  # fmt: skip


@dataclass
class Cluster:
    """A running cluster; its one user needs no password, and only this machine reaches it."""

    port: int
    numbers: Iterator[int] = field(default_factory=count)

    def uri(self, database: str) -> str:
        """The address of a database, with the driver named: without it SQLAlchemy means psycopg2."""
        return f"postgresql+psycopg://ntgate@127.0.0.1:{self.port}/{database}"

    def database(self, template: str = "template1") -> str:
        """The address of a new database, a copy of ``template``, to which nobody may be connected."""
        name = f"d{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.uri(name)

    def disconnect(self, database: str) -> None:
        """End every connection to a database, as a failing network would."""
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        import psycopg

        with psycopg.connect(
            f"host=127.0.0.1 port={self.port} user=ntgate dbname=postgres", autocommit=True
        ) as session:
            session.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """The cluster of this session, or of this worker; skipped where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed: pip install 'ntgate[postgres]'")
    # Not below pytest's folder, which only its owner may enter: PostgreSQL refuses root and runs as its own user then.
    folder = Path(tempfile.mkdtemp(prefix="ntgate-postgres-"))
    somebody: dict[str, Any] = {}
    if os.geteuid() == 0:
        somebody = {"user": "postgres", "group": "postgres", "extra_groups": []}
        shutil.chown(folder, "postgres", "postgres")
    try:
        initdb = [
            programs / "initdb",
            "-D",
            folder / "data",
            "-U",
            "ntgate",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
        ]
        subprocess.run([*initdb, "--no-sync"], check=True, capture_output=True, cwd=folder, **somebody)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(folder)}
        command = [
            programs / "postgres",
            "-D",
            folder / "data",
            *(f"--{name}={value}" for name, value in settings.items()),
        ]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True, **somebody)
        try:
            _wait(port, process, folder / "log")
            yield Cluster(port)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing is worth a checkpoint
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_cluster: Cluster) -> str:
    """The address of a fresh and empty database."""
    return postgres_cluster.database()


def _programs() -> Path | None:
    """The folder of the newest PostgreSQL here: Debian's, else that of the path."""
    debian = Path("/usr/lib/postgresql")
    found = [folder / "bin" for folder in debian.glob("*") if (folder / "bin" / "initdb").is_file()]
    if found:
        return max(found, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0))
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=ntgate dbname=postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        else:
            return
