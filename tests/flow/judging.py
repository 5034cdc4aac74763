"""A judge in a process of its own that is killed at a boundary.

Boundaries are before and after a transaction of the ledger or a file that is written, and before a request to the registry.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Boundaries:
    """Counts boundaries, and kills the process at the one with the ``fatal`` number."""

    def __init__(self, fatal: int | None, log: Path) -> None:
        self.fatal, self.log, self.passed = fatal, log, 0

    def at(self, name: str) -> None:
        self.passed += 1
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")
        if self.passed == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class Counted:
    """The registry's client, each request of which is a boundary."""

    def __init__(self, client: Any, boundaries: Boundaries) -> None:
        self._client, self._boundaries = client, boundaries

    def __getattr__(self, name: str) -> Any:
        self._boundaries.at(f"registry: {name}")
        return getattr(self._client, name)


def judged(folder: str, uri: str, labels: Sequence[str], fatal: int | None) -> None:
    """Judge the run in ``folder``; the boundaries that were reached stand in ``boundaries.txt`` beside it."""
    from ntgate.ledger import ledger
    from ntgate.registry import client
    from ntgate.stages.frozen_run import frozen_run
    from ntgate.stages.judge import judge
    from ntgate.stages.place import Place

    boundaries = Boundaries(fatal, Path(folder).parent / "boundaries.txt")
    connect, writing, write = client.connect, ledger.writing, Place.write

    def connected(*given: Any, **named: Any) -> client.Registry:
        found = connect(*given, **named)
        return client.Registry(Counted(found.client, boundaries), found.config, found.name)  # type: ignore[arg-type]

    @contextmanager
    def written(*given: Any) -> Iterator[Any]:
        boundaries.at("ledger: before")
        with writing(*given) as connection:
            yield connection
        boundaries.at("ledger: after")

    def kept(place: Place, name: str, *given: Any, **named: Any) -> Path:
        boundaries.at(f"file: before {name}")
        path = write(place, name, *given, **named)
        boundaries.at(f"file: after {name}")
        return path

    client.connect, ledger.writing = connected, written
    Place.write = kept  # type: ignore[method-assign]
    judge(frozen_run(folder, uri), labels)
