"""The exit code of this process is the one that ntgate answers with, whoever in it calls C's ``exit``."""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from ntgate.errors import MachineError

_SENTENCE = b"error: a library ended this process (its own words may stand above); run the command again"


def guard() -> None:
    """Have an ``exit`` that is not :func:`leave`'s end with 74 and a sentence.

    Libraries in C call it where they know no better: OpenBLAS ``exit(1)`` when it finds no memory, which no ``except`` sees.
    The two handlers are functions of C itself, since Python may be unable to do anything in such a moment. Where the system's
    library takes no handlers with an argument, as on Windows, nothing happens.
    """
    with suppress(AttributeError, OSError, TypeError):
        c = ctypes.CDLL(None)
        c.__cxa_atexit(c._exit, ctypes.c_void_p(MachineError.exit_code), None)
        c.__cxa_atexit(c.warnx, ctypes.c_char_p(_SENTENCE), None)  # called before the other: the last one comes first


def leave(code: int) -> NoReturn:
    """End this process with ``code`` as Python does, without taking its modules apart, which has no use and takes time."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as multiprocessing does in the processes that it starts
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # nobody reads it any more, or there is none
            stream.flush()
    os._exit(code)
