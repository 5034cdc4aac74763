"""Dask's workers as an engine: the only place that knows Dask."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ntgate.errors import ConfigError, DataError
from ntgate.extras import require

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 3  # tasks a thread that are on their way: enough that none waits, and few results that lie about
_ANSWER = 10.0  # seconds for a scheduler to answer
_PATIENCE = 60.0  # seconds without any worker


class DaskEngine:
    """Runs tasks on the workers of a Dask cluster.

    A worker that dies costs its unfinished tasks, which another one repeats; a task on which several workers died is not tried
    again. The workers need ntgate in the same version, and access to the tables.

    Args:
        client: of the cluster.
        patience: how many seconds to wait for a worker when there is none.
    """

    def __init__(self, client: Client, patience: float = _PATIENCE) -> None:
        self.client, self.patience = client, patience

    def map(self, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """``work(task)`` for every task, results in the order of the tasks.

        Raises:
            NtgateError: what ``work`` raised.
            DataError: when no worker is left, or one task ends one worker after the other.
        """
        waiting: deque[Future] = deque()
        try:
            for task in tasks:
                waiting.append(self.client.submit(work, task, pure=False))
                if len(waiting) >= _AHEAD * max(1, sum(self.client.nthreads().values())):
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
        finally:
            if waiting:
                self.client.cancel(list(waiting))

    def _result(self, future: Future) -> Any:
        from distributed import KilledWorker, TimeoutError, wait

        while True:
            try:
                wait(future, timeout=self.patience)
                return future.result()
            except TimeoutError:
                if not self.client.nthreads():
                    raise self._lost("none", "start some, and see their logs") from None
            except KilledWorker as error:
                fix = "give the workers more memory, or see their logs"
                raise self._lost(f"one task that ended {error.allowed_failures + 1} of them", fix) from None

    def _lost(self, got: str, fix: str) -> DataError:
        address = self.client.scheduler.address if self.client.scheduler else "the scheduler"
        return DataError(f"workers of {address}", expected="workers that live", got=got, fix=fix)


@contextmanager
def workers(wanted: str) -> Iterator[DaskEngine]:
    """An engine of ``wanted`` worker processes on this machine, or of the cluster whose scheduler is at that address.

    Processes of this machine listen on loopback alone, and end with the block.

    Raises:
        ConfigError: when Dask is not installed, or no scheduler answers there.
    """
    require("workers", "dask")
    from distributed import Client, LocalCluster

    if not wanted.isdecimal():
        try:
            if not re.fullmatch(r"(\w+://)?[^/\s]+:\d+", wanted):  # an empty one would start a cluster of its own
                raise ValueError("no such address")
            client = Client(wanted, timeout=_ANSWER)
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(
                "workers",
                expected="a number, or the address of a Dask scheduler such as tcp://host:8786",
                got=f"{wanted!r} ({str(error).splitlines()[0][:200] if str(error) else type(error).__name__})",
                fix="start it with: dask scheduler",
            ) from None
        with client:
            yield DaskEngine(client)
        return
    if not 1 <= int(wanted) <= 1024:
        raise ConfigError("workers", expected="from 1 to 1024 processes", got=wanted, fix="give one for each core")
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
        "threads_per_worker": 1,
        "silence_logs": logging.CRITICAL,
    }
    with LocalCluster(n_workers=int(wanted), processes=True, **settings) as cluster, Client(cluster) as client:
        yield DaskEngine(client)
