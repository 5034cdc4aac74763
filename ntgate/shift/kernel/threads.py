"""Work in as many threads as the library may use, each block of work by one thread alone.

One thread a block keeps a core's cache to itself, and makes the result the same whatever the number of threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any, TypeVar

from ntgate.shift.kernel.numpy_or_torch import Place

T = TypeVar("T")
R = TypeVar("R")


def in_order(work: Callable[[T], R], tasks: Iterable[T], place: Place, *, small: bool = False) -> Iterator[R]:
    """``work(task)`` for every task, results in the order of the tasks, and only a few tasks taken ahead.

    A GPU takes its tasks one after the other, and so does the calling thread where they are ``small``: to start threads and to
    take turns takes longer then.
    """
    threads = 1 if small or not place.on_cpu else _threads(place)
    if threads == 1:
        with nullcontext() if place.device is not None else alone():
            yield from map(work, tasks)
        return
    waiting: deque[Future[R]] = deque()
    with _one_each(place) as begin:
        pool = ThreadPoolExecutor(threads, initializer=begin)
        try:
            for task in tasks:
                waiting.append(pool.submit(work, task))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _threads(place: Place) -> int:
    if place.device is not None:
        return int(place.library.get_num_threads())
    return max((library["num_threads"] for library in _blas().info()), default=1)


def _one_each(place: Place) -> AbstractContextManager[Callable[[], None]]:
    """While it is open, each thread that begins with what it gives computes alone."""
    return _of_numpy() if place.device is None else _of_torch(place.library)


@contextmanager
def _of_torch(torch: Any) -> Iterator[Callable[[], None]]:
    threads = torch.get_num_threads()
    try:
        # set_num_threads holds for the thread that calls it, and for threads that are born later.
        yield lambda: torch.set_num_threads(1)
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _of_numpy() -> Iterator[Callable[[], None]]:
    with alone():
        yield lambda: None


def alone() -> AbstractContextManager[Any]:
    """NumPy multiplies matrices in one thread while it is open: with more of them the rounding would be another."""
    limited: AbstractContextManager[Any] = _blas().limit(limits=1)
    return limited


@cache
def _blas() -> Any:
    """The library that multiplies NumPy's matrices."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
