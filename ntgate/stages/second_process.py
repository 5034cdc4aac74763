"""Who does the tasks of a run that do not wait for one another: this process, and a second one where that saves more than it costs.

Small networks gain little from a second thread, and much from a core of their own. A task is a value that can be sent (a
``functools.partial`` of a module's function), and its result does not depend on who does it: seeds are its own, and both processes
use the same number of threads.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from ntgate.stages.progress_listener import Listener, Silent

if TYPE_CHECKING:
    from ntgate.config import RunConfig
    from ntgate.planning.policy import Plan

Task = Callable[..., Any]  # takes a ``listener``
WORTH = 20.0  # predicted seconds of training; a second process takes some five until it begins
_MOST_ROWS = 200_000  # each process holds all of them
_TOLD = ("stage", "progress", "note")


class Crew:
    """This process, and the helper that :meth:`hire` may start.

    Args:
        listener: told what the tasks tell.
        helped: whether there may be a helper: only the command line knows that its process can be started again.

    >>> from functools import partial
    >>> def double(n: int, listener: Listener) -> int:
    ...     return 2 * n
    >>> Crew().done([partial(double, 1), partial(double, 2)])
    [2, 4]
    """

    def __init__(self, listener: Listener | None = None, *, helped: bool = False) -> None:
        self._listener = listener or Silent()
        self._helped = helped
        self._helper: _Helper | None = None

    def expect(self, config: RunConfig, plan: Plan, rows: int) -> None:
        """Start the helper where the ``plan`` of a run with so many source rows is long enough, on a CPU with cores for two."""
        import torch

        backbone = config.model.backbone
        ours = backbone is None or backbone.kind in ("mlp", "cnn")  # others may be too large to be held twice
        gpu = config.training.device != "cpu" and torch.cuda.is_available()
        alone = config.training.processes > 1 or "TORCHELASTIC_RUN_ID" in os.environ
        threads = torch.get_num_threads()
        if self._helped and ours and not gpu and not alone and rows <= _MOST_ROWS and threads > 1:
            seconds = [plan.scratch_seconds, *(row.seconds for row in plan.rows if row.suitable)]
            if sum(each or 0.0 for each in seconds) * (1 + (config.gate.seeds - 1) / 4) >= WORTH:
                self.hire(threads // 2)

    def hire(self, threads: int) -> None:
        """Start the helper; it and this process use so many threads each."""
        self._helper = _Helper(threads)

    def done(self, tasks: Sequence[Task]) -> list[Any]:
        """The results of all ``tasks``, in their order; they are begun in it too, by the helper from the end."""
        if self._helper is None or len(tasks) < 2:
            return [task(listener=self._listener) for task in tasks]
        import torch

        waiting, results = deque(range(len(tasks))), dict[int, Any]()
        beside = threading.Thread(target=self._helper.work, args=(tasks, waiting, results, self._listener), daemon=True)
        threads = torch.get_num_threads()
        torch.set_num_threads(self._helper.threads)
        try:
            beside.start()
            while waiting:
                with suppress(IndexError):  # the helper took the last
                    number = waiting.popleft()
                    results[number] = tasks[number](listener=self._listener)
            beside.join()
            for number in range(len(tasks)):  # what the helper failed at: here an error is raised where it belongs
                if number not in results:
                    results[number] = tasks[number](listener=self._listener)
        finally:
            torch.set_num_threads(threads)
        return [results[number] for number in range(len(tasks))]

    def dismiss(self) -> None:
        """End the helper, whatever it is doing."""
        if self._helper is not None:
            self._helper.end()
            self._helper = None


ALONE = Crew()


class _Helper:
    """The other process, and the pipe to it. What comes through it was pickled by a process of this run."""

    def __init__(self, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.threads = threads
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_live, args=(theirs, threads), name="ntgate helper")
        self._process.start()
        theirs.close()

    def work(
        self, tasks: Sequence[Task], waiting: deque[int], results: dict[int, Any], listener: Listener
    ) -> None:  # a thread of this process
        """Have the helper do what waits, the last first; what it fails at has no result."""
        with suppress(IndexError, EOFError, OSError):
            while True:
                number = waiting.pop()
                self._pipe.send(tasks[number])
                kind, content = self._pipe.recv()
                while kind in _TOLD:
                    with suppress(KeyboardInterrupt):  # which the main thread hears of too
                        getattr(listener, kind)(*content)
                    kind, content = self._pipe.recv()
                if kind == "done":
                    results[number] = content

    def end(self) -> None:
        """At once."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


class _Relay:
    """A listener that hands on what it is told."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def stage(self, name: str) -> None:
        self._pipe.send(("stage", (name,)))

    def progress(self, arm: str, step: int, steps: int, validation: float) -> None:
        self._pipe.send(("progress", (arm, step, steps, validation)))

    def note(self, text: str) -> None:
        self._pipe.send(("note", (text,)))


def _live(pipe: Connection, threads: int) -> None:
    """The life of a helper: one task after the other, until the process that started it is gone."""
    import signal

    from ntgate.optouts import opt_out

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal interrupts all of a run; its first process ends this one
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()
    opt_out()
    import torch

    import ntgate.training.loop  # noqa: F401  what takes seconds to import is no part of the first task

    torch.set_num_threads(threads)
    with suppress(EOFError):
        while True:
            task = pipe.recv()
            try:
                answer = "done", task(listener=_Relay(pipe))
            except Exception as error:  # noqa: BLE001  of any kind: the task is done again where it can be raised
                answer = "failed", repr(error)
            pipe.send(answer)


def _follow(sentinel: int) -> None:
    """End with the process of this ``sentinel``."""
    wait([sentinel])
    os._exit(1)
