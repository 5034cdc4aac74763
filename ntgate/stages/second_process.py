"""Who does the tasks of a run that do not wait for one another: this process, and a second one where that saves more than it costs.

Small networks gain little from a second thread, and much from a core of their own. A task is a value that can be sent (a
``functools.partial`` of a module's function), and its result does not depend on who does it: seeds are its own, and both processes
use the same number of threads. The helper is started as soon as the rows are known, and begins with what waits for nothing else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection, Pipe
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
        helped: whether there may be a helper.

    Attributes:
        helped: whether there may be one.

    >>> from functools import partial
    >>> def double(n: int, listener: Listener) -> int:
    ...     return 2 * n
    >>> Crew().done([partial(double, 1), partial(double, 2)])
    [2, 4]
    """

    def __init__(self, listener: Listener | None = None, *, helped: bool = False) -> None:
        self._listener = listener or Silent()
        self.helped = helped
        self._helper: _Helper | None = None
        self._threads = 0  # of this process without a helper

    def expect(self, config: RunConfig, plan: Plan, rows: int) -> None:
        """Start the helper where the ``plan`` of a run with so many source rows is long enough, on a CPU with cores for two."""
        backbone = config.model.backbone
        ours = backbone is None or backbone.kind in ("mlp", "cnn")  # others may be too large to be held twice
        alone = config.training.processes > 1 or "TORCHELASTIC_RUN_ID" in os.environ
        seconds = [plan.scratch_seconds, *(row.seconds for row in plan.rows if row.suitable)]
        long = sum(each or 0.0 for each in seconds) * (1 + (config.gate.seeds - 1) / 4) >= WORTH
        if self.helped and ours and not alone and rows <= _MOST_ROWS and long:
            try:
                helper = _Helper()  # which imports torch while this process does
            except OSError:  # no room for another process: all is done here
                return
            threads = 0
            try:
                threads = _threads_of_a_cpu(config)
            finally:
                if threads < 2:
                    helper.end()
            if threads > 1:
                self._employ(helper, threads // 2)

    def hire(self, threads: int) -> None:
        """Start the helper, once; until it is dismissed it and this process use so many threads each."""
        if self._helper is None:
            self._employ(_Helper(), threads)

    def _employ(self, helper: _Helper, threads: int) -> None:
        import torch

        self._threads = torch.get_num_threads()
        torch.set_num_threads(threads)
        helper.begin(threads)
        self._helper = helper

    @property
    def employed(self) -> bool:
        """Whether there is a helper."""
        return self._helper is not None

    def begun(self, task: Task) -> Task:
        """``task`` as one that the helper begins already, while this process goes on; without a helper it waits to be done."""
        return task if self._helper is None else _Begun(self._helper, task, self._listener)

    def done(self, tasks: Sequence[Task]) -> list[Any]:
        """The results of all ``tasks``, in their order; they are begun in it too, so that the longest should come first."""
        if self._helper is None or len(tasks) < 2:
            return [task(listener=self._listener) for task in tasks]
        waiting, results = deque(number for number, task in enumerate(tasks) if not isinstance(task, _Begun)), dict[int, Any]()
        beside = threading.Thread(target=self._helper.work, args=(tasks, waiting, results, self._listener), daemon=True)
        beside.start()
        with _threads(self._helper.threads):
            while waiting:
                with suppress(IndexError):  # the helper took the last
                    number = waiting.popleft()
                    results[number] = tasks[number](listener=self._listener)
            beside.join()
            for number in range(len(tasks)):  # what the helper failed at: here an error is raised where it belongs
                if number not in results:
                    results[number] = tasks[number](listener=self._listener)
        return [results[number] for number in range(len(tasks))]

    def dismiss(self) -> None:
        """End the helper, whatever it is doing."""
        if self._helper is not None:
            import torch

            self._helper.end()
            self._helper = None
            torch.set_num_threads(self._threads)


ALONE = Crew()


class _Helper:
    """The other process, and the pipe to it. What comes through it was pickled by a process of this run."""

    def __init__(self) -> None:
        self.threads = 1
        self._one = threading.Lock()  # task at a time
        self._pipe, theirs = Pipe()
        life, self._life = os.pipe()  # which ends with this process, however that ends
        ends = theirs.fileno(), life
        # Not multiprocessing's: its child runs the script again that this process runs, and all that it does. -P: what lies in the
        # working directory takes no module's place.
        command = [sys.executable, "-P", "-c", _START, *map(str, ends), *sys.path]
        try:
            self._process = subprocess.Popen(command, pass_fds=ends, stdin=subprocess.DEVNULL)
        except OSError:
            self._pipe.close()
            os.close(self._life)
            raise
        finally:
            theirs.close()
            os.close(life)

    def begin(self, threads: int) -> None:
        """Have it wait for tasks, which it does with so many ``threads``."""
        self.threads = threads
        with suppress(OSError):  # it died: whoever gives it a task finds out
            self._pipe.send(threads)

    def work(
        self, tasks: Sequence[Task], waiting: deque[int], results: dict[int, Any], listener: Listener
    ) -> None:  # a thread of this process
        """Have the helper do what waits, one after the other; what it fails at has no result."""
        with suppress(IndexError, EOFError, OSError), self._one:
            while True:
                number = waiting.popleft()
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
        self._process.wait()
        self._pipe.close()
        os.close(self._life)


class _Begun:
    """A task that the helper has been given ahead of the others; where it fails at it, the task is done by whoever asks."""

    def __init__(self, helper: _Helper, task: Task, listener: Listener) -> None:
        self._task, self._results = task, dict[int, Any]()
        self._beside = threading.Thread(target=helper.work, args=([task], deque([0]), self._results, listener), daemon=True)
        self._beside.start()

    def __call__(self, listener: Listener) -> Any:
        self._beside.join()
        return self._results[0] if self._results else self._task(listener=listener)


def _threads_of_a_cpu(config: RunConfig) -> int:
    """How many threads train; none where a GPU does."""
    import torch

    gpu = config.training.device != "cpu" and torch.cuda.is_available()
    return 0 if gpu else torch.get_num_threads()


def _threads(count: int) -> AbstractContextManager[Any]:
    """BLAS of NumPy and SciPy computes in so many threads while it is open; more than cores wait longer than they work."""
    from threadpoolctl import threadpool_limits

    limited: AbstractContextManager[Any] = threadpool_limits(count, user_api="blas")
    return limited


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


_START = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); pipe, life, *sys.path = sys.argv[1:]; "
    "from ntgate.stages.second_process import live; live(int(pipe), int(life))"
)


def live(pipe: int, life: int) -> None:
    """The life of a helper: one task after the other, until the process that started it is gone.

    A terminal's interrupt reaches all of a run; its first process ends this one.

    Args:
        pipe: the descriptor that tasks come through.
        life: that of a pipe which ends with the other process.
    """
    from ntgate.optouts import opt_out

    threading.Thread(target=_follow, args=(life,), daemon=True).start()
    opt_out()
    import torch

    import ntgate.training.loop  # noqa: F401  what takes seconds to import is no part of the first task

    with suppress(EOFError), Connection(pipe) as tasks:
        threads = tasks.recv()
        torch.set_num_threads(threads)
        while True:
            task = tasks.recv()
            try:
                with _threads(threads):
                    answer = "done", task(listener=_Relay(tasks))
            except Exception as error:  # noqa: BLE001  of any kind: the task is done again where it can be raised
                answer = "failed", repr(error)
            tasks.send(answer)


def _follow(life: int) -> None:
    os.read(life, 1)
    os._exit(1)
