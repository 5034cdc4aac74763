"""Where the map of a map-reduce runs: here, or on the workers of somebody's cluster.

The measures hand over pure functions and small tasks and add the results up in the order of the tasks. So a result depends neither
on the number of workers, nor on who was faster, nor on a worker that died and whose tasks another one repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Engine(Protocol):
    """Runs functions that can be pickled."""

    def map(self, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """``work(task)`` for every task, results in the order of the tasks, and only a few tasks taken ahead."""


class Here:
    """One task after the other in this process.

    >>> list(Here().map(abs, [-1, 2]))
    [1, 2]
    """

    def map(self, work: Callable[[T], R], tasks: Iterable[T]) -> Iterator[R]:
        """``work(task)`` for every task."""
        return map(work, tasks)
