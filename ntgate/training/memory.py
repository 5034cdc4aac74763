"""Whether an error says that memory ran out: libraries raise it under many names."""

from __future__ import annotations

import torch

# The CPU's allocator of torch, CUDA itself, and the libraries on top of it raise no more than a RuntimeError.
_SAID = ("can't allocate memory", "CUDA error: out of memory", "ALLOC_FAILED")


def ran_out(error: BaseException) -> bool:
    """Whether ``error`` is one of memory, of this machine's or of a device's.

    >>> ran_out(MemoryError()), ran_out(RuntimeError("CUBLAS_STATUS_ALLOC_FAILED")), ran_out(RuntimeError("shapes differ"))
    (True, True, False)
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID)
