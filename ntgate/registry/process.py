"""Whether a process that once wrote its name down is still alive, as far as this machine can tell."""

from __future__ import annotations

import os
from pathlib import Path


def this_process() -> str:
    """A name that no other process on any machine has, ever; empty where the system does not tell.

    Boot and process namespace say on which machine and in which container, start and number say which process.
    """
    here = _here()
    return f"{here} {os.getpid()} {_start(os.getpid())}" if here else ""


def surely_dead(process: str) -> bool:
    """Whether the process named ``process`` ran here and has ended; False when it ran elsewhere or nothing is known.

    >>> surely_dead(this_process()), surely_dead("somewhere else 17 4711"), surely_dead("")
    (False, False, False)
    """
    here = _here()
    if not here or not process.startswith(here + " "):
        return False
    number, _, start = process.removeprefix(here + " ").partition(" ")
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return _start(int(number)) not in (start, "")  # the number was given to another process


def _here() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _start(number: int) -> str:
    """When the process started, in ticks since boot; empty when it cannot be seen."""
    try:
        # The second field, the command in parentheses, may hold anything; the start is the 22nd.
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
