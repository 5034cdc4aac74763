"""SIGINT, SIGTERM and SIGHUP end a command alike: with a sentence, and with all that it started."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = tuple(number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None)


class Terminated(KeyboardInterrupt):
    """A signal asked for the end. Whatever lets an interrupt pass lets this one pass.

    Attributes:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


_AGAIN_SECONDS = 5.0  # between two attempts; what has to be tidied up takes less
_SOON = 0.05  # after one that is known to be lost
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)
_received: list[int] = []


@contextmanager
def terminable() -> Iterator[None]:
    """Raise :class:`Terminated` in the body where the process is asked to end; a signal that is ignored stays ignored.

    SIGTERM's default would end the process at once: children go on, and the registry's lock stays taken.
    """
    _received.clear()
    if threading.current_thread() is not threading.main_thread():  # Python hands signals to the main thread alone
        yield
        return
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in before.items():
        if handler in _DEFAULTS:
            signal.signal(number, _end)
    unraisable = sys.unraisablehook
    sys.unraisablehook = lambda lost: _again(_AGAIN_SECONDS, _SOON) if isinstance(lost.exc_value, Terminated) else unraisable(lost)
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        if _received:
            _again(0)
        for number, handler in before.items():
            if handler in _DEFAULTS:
                signal.signal(number, handler)


def check() -> None:
    """Raise what was asked for and got lost: Python drops what is raised in a finaliser or in a library's callback.

    Raises:
        Terminated: when a signal asked for the end.
    """
    if _received:
        raise Terminated(_received[0])


def received() -> int | None:
    """The first signal that asked for the end, whatever became of its exception; None: none did."""
    return _received[0] if _received else None


def _end(number: int, _: FrameType | None) -> None:
    _received.append(number)
    _again(_AGAIN_SECONDS)
    raise Terminated(number)


def _again(seconds: float, first: float | None = None) -> None:
    """Raise the end again after so many seconds, or, with 0, no more: the first may come where Python or a library drops it."""
    if hasattr(signal, "setitimer") and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, _lost):
        if seconds:
            signal.signal(signal.SIGALRM, _lost)
        signal.setitimer(signal.ITIMER_REAL, seconds if first is None else first, seconds)
        if not seconds:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _lost(_: int, __: FrameType | None) -> None:
    raise Terminated(_received[0])
