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
from itertools import count
from pathlib import Path
from typing import Any

import pytest

# Nothing here has to outlive the tests: no flushing to the disk.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "jit": "off",
}


class Cluster:
    """A cluster that can crash and be started again; its one user needs no password, and only this machine reaches it.

    Args:
        programs: the folder of PostgreSQL's programs.
        folder: takes the data, the log and the socket.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder, self.numbers = programs, folder, count()
        self.process: subprocess.Popen[bytes] | None = None
        self.somebody: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses root
            self.somebody = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres", "postgres")
        initdb = [programs / "initdb", "-D", folder / "data", "-U", "ntgate", "-A", "trust", "-E", "UTF8", "--no-locale"]
        subprocess.run([*initdb, "--no-sync"], check=True, capture_output=True, cwd=folder, **self.somebody)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        """Start it where it does not run, and wait until it answers; after a crash it recovers first."""
        import psycopg

        if self.process is not None:
            return
        settings = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        command = [self.programs / "postgres", "-D", self.folder / "data", *(f"--{k}={v}" for k, v in settings.items())]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self.somebody
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._server("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")
                time.sleep(0.1)

    def crash(self) -> None:
        """End it at once, without a checkpoint."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(60)
            self.process = None

    def _server(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=ntgate dbname={database}"

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

        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=ntgate dbname=postgres", autocommit=True) as session:
            session.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """The cluster of this session, or of this worker; skipped where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    pytest.importorskip("psycopg", reason='the driver of PostgreSQL is not installed: pip install "ntgate[postgres]"')
    # Not below pytest's folder, which only its owner may enter: started by root, PostgreSQL runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="ntgate-postgres-"))
    try:
        cluster = Cluster(programs, folder)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.crash()
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
