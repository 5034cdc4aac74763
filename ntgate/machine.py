"""Whether an error is one of this machine: no room on a disk, or no memory. Libraries raise it under many names."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from ntgate.errors import MachineError

# torch's writer of archives tells of a full disk by a position, SQLite and safetensors in words of their own.
_DISK = re.compile(
    r"No space left on device|Disk quota exceeded|database or disk is full|unexpected pos \d+ vs|PytorchStreamWriter failed"
)
# The CPU's allocator of torch, CUDA itself, and the libraries on top of it raise no more than a RuntimeError.
_MEMORY = re.compile(r"can't allocate memory|CUDA error: out of memory|ALLOC_FAILED|Cannot allocate memory|can't start new thread")

# Python's own words where it finds no memory for the frame of a call.
_UNSAID = "error return without exception set"

# A shared library for which the loader finds no room; where it may not be run, that is said behind.
_UNMAPPED = re.compile(r"(failed to map segment from shared object|cannot map zero-fill pages)(?!: Operation not permitted)")


def machine_fault(error: BaseException) -> MachineError | None:
    """The error in our words where this machine is what failed; None where it is not, or where ``error`` says so already.

    >>> print(machine_fault(OSError(28, "No space left on device", "/srv/runs/a.npz")))
    disk: expected room for what a run writes, got No space left on device: /srv/runs/a.npz; make room there, and run again.
    >>> machine_fault(ValueError("shapes differ")) is None
    True
    """
    for cause in _chain(error):
        if isinstance(cause, MachineError):
            return None if cause is error else cause
        if out_of_room(cause):
            return MachineError(
                "disk", expected="room for what a run writes", got=_said(cause), fix="make room there, and run again"
            )
        if out_of_memory(cause):
            return MachineError(
                "memory",
                expected="room for the rows and the network",
                got=_said(cause),
                fix="give more memory, or lower training.batch_size, the network's size, or the rows by `sample`",
            )
    return None


def out_of_room(error: BaseException) -> bool:
    """Whether ``error`` says that a disk of this machine, or a quota on it, is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    # A server's answer speaks of the server's disk.
    return type(error).__name__ in _WRITERS and _DISK.search(str(error)) is not None


_WRITERS = ("RuntimeError", "OperationalError", "SafetensorError", "OSError", "ArrowException", "ArrowIOError")


def out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` is one of memory, of this machine's or of a device's.

    >>> out_of_memory(MemoryError()), out_of_memory(RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"))
    (True, True)
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    if isinstance(error, ImportError) and _UNMAPPED.search(str(error)):
        return True
    if isinstance(error, SystemError) and str(error) == _UNSAID:
        return True
    return isinstance(error, RuntimeError) and _MEMORY.search(str(error)) is not None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _said(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + (f": {error.filename}" if error.filename else "")
    lines = [] if isinstance(error, SystemError) else str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else "no more is known"
