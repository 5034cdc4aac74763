"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


def give_back() -> None:
    """Have the C library give back what it holds for later; where it is not glibc, nothing is done.

    Reading leaves gaps between the columns that stay, a third of a table in size, and what follows would take memory beside them.

    >>> give_back()
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # another C library; on Windows there is no such handle
        return None
