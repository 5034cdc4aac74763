"""One process of a machine at a time, where two would destroy each other's work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(file: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock ``file``, which is created and stays, empty; the system releases it when a process dies.

    Args:
        file: the lock. A file of its own and never the one that is protected: closing any handle of a SQLite file drops the locks
            that SQLite itself holds on it.
        waiting: called once where another process holds the lock.

    Raises:
        OSError: when the file cannot be created.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, exclusive(Path(folder) / "lock"):
    ...     print("alone")
    alone
    """
    with file.open("a") as opened:  # for writing: a network file system gives no exclusive lock on less
        try:
            import fcntl
        except ImportError:  # Windows has no such lock; runs there are started one after another
            yield
            return
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
