"""A night of a fleet: many retrainings that share workers, a database and a ledger, event by event.

A run takes a worker and keeps it to its end. On its way it takes other resources for a while, such as the one writer that SQLite
allows, and waits in line where they are taken. Resources that nobody counted, such as the promotion lock of one model, exist once.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

WORKER = "worker"


@dataclass(frozen=True)
class Hold:
    """A part of a run: so many seconds, and the resource that it keeps from others meanwhile, if any."""

    seconds: float
    resource: str | None = None


@dataclass(frozen=True)
class Night:
    """What came of it.

    Attributes:
        hours: from the first arrival possible to the end of the last run.
        busy: by resource, the share of those hours in which a unit of it was taken.
        waits: by resource, the seconds that each run waited for it, in the order in which they got it.
    """

    hours: float
    busy: dict[str, float]
    waits: dict[str, list[float]]

    def late(self, resource: str, patience: float) -> int:
        """How many runs waited for a resource for longer than ``patience`` seconds."""
        return sum(wait > patience for wait in self.waits.get(resource, ()))


def simulate(runs: Sequence[tuple[float, Sequence[Hold]]], capacity: Mapping[str, int]) -> Night:
    """Let the runs pass.

    Args:
        runs: when each arrives, in seconds, and its parts in order.
        capacity: how many of each resource there are, ``worker`` among them; 1 where nothing is said.

    >>> three = [(0.0, [Hold(3600.0), Hold(1800.0, "database")])] * 3
    >>> night = simulate(three, {"worker": 3})
    >>> night.hours, night.waits["database"], round(night.busy["database"], 2)
    (2.5, [0.0, 1800.0, 3600.0], 0.6)
    """
    processes = [_process(holds) for _, holds in runs]
    tie = count()
    events = [(arrival, next(tie), number) for number, (arrival, _) in enumerate(runs)]
    heapq.heapify(events)
    free: dict[str, int] = defaultdict(lambda: 1, capacity)
    lines: dict[str, deque[tuple[int, float]]] = defaultdict(deque)
    waits: dict[str, list[float]] = defaultdict(list)
    taken: dict[str, float] = defaultdict(float)
    now = 0.0
    while events:
        now, _, number = heapq.heappop(events)
        for act, what, seconds in processes[number]:
            if act == "take":
                if not free[what]:
                    lines[what].append((number, now))
                    break
                free[what] -= 1
                waits[what].append(0.0)
                taken[what] -= now
            elif act == "give":
                taken[what] += now
                if not lines[what]:
                    free[what] += 1
                    continue
                # Straight to the first in line: nobody who comes now overtakes.
                following, since = lines[what].popleft()
                waits[what].append(now - since)
                taken[what] -= now
                heapq.heappush(events, (now, next(tie), following))
            else:
                heapq.heappush(events, (now + seconds, next(tie), number))
                break
    busy = {what: seconds / (max(now, 1e-9) * capacity.get(what, 1)) for what, seconds in taken.items()}
    return Night(now / 3600, busy, dict(waits))


def _process(holds: Sequence[Hold]) -> Iterator[tuple[str, str, float]]:
    yield "take", WORKER, 0.0
    for hold in holds:
        if hold.resource is not None:
            yield "take", hold.resource, 0.0
        yield "sleep", "", hold.seconds
        if hold.resource is not None:
            yield "give", hold.resource, 0.0
    yield "give", WORKER, 0.0
