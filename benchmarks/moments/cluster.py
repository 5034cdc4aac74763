"""The same story on PostgreSQL: a cluster that can crash, whose database is kept and put back as a template."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import Cluster, _programs


class Kept:
    """A database of a cluster, and copies of it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.uri = cluster, cluster.database()
        self._name = self.uri.rpartition("/")[2]

    def keep(self, number: int) -> None:
        """A copy under this number."""
        self.cluster.disconnect(self._name)
        self.cluster.execute(f"CREATE DATABASE kept{number} TEMPLATE {self._name} STRATEGY FILE_COPY")

    def put_back(self, number: int) -> None:
        """As it was when it was kept under this number."""
        self.cluster.execute(f"DROP DATABASE {self._name} WITH (FORCE)")
        self.cluster.execute(f"CREATE DATABASE {self._name} TEMPLATE kept{number} STRATEGY FILE_COPY")

    def crash(self) -> None:
        """End the server without a checkpoint, and start it again half a second later."""
        self.cluster.crash()
        time.sleep(0.5)
        self.cluster.start()


@contextmanager
def postgresql() -> Iterator[Kept | None]:
    """A cluster of its own with one database; None where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="ntgate-chaos-"))  # started by root, PostgreSQL runs as another user
    cluster = Cluster(programs, folder)
    try:
        cluster.start()
        yield Kept(cluster)
    finally:
        cluster.crash()
        shutil.rmtree(folder, ignore_errors=True)
