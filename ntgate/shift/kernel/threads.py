"""Work in as many threads as torch may use, each block of work by one thread alone.

One thread a block keeps a core's cache to itself, and makes the result the same whatever the number of threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")


def in_order(work: Callable[[T], R], tasks: Iterable[T], device: torch.device, *, small: bool = False) -> Iterator[R]:
    """``work(task)`` for every task, results in the order of the tasks, and only a few tasks taken ahead.

    A GPU takes its tasks one after the other, and so does the calling thread where they are ``small``: to start threads and to
    take turns takes longer then.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or threads == 1 or small:
        yield from map(work, tasks)
        return
    waiting: deque[Future[R]] = deque()
    # set_num_threads holds for the thread that calls it, and for threads that are born later.
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
