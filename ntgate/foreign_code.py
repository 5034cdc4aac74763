"""Code that is not ours, such as a backbone named in the config: whatever it raises is a fault of the model."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from ntgate.errors import ModelError, NtgateError
from ntgate.machine import machine_fault


@contextmanager
def foreign(subject: str, *, expected: str, fix: str) -> Iterator[None]:
    """Turn what the body raises into a :class:`~ntgate.errors.ModelError`, ``sys.exit`` included.

    An interrupt passes, and so does a fault of the machine, which is not the code's.

    Raises:
        ModelError: instead of all else.

    >>> import sys
    >>> with foreign("backbone", expected="a module", fix="correct it"):
    ...     sys.exit(0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ntgate.errors.ModelError: backbone: expected a module, got a call of sys.exit(0) at ...; correct it.
    """
    try:
        yield
    except (NtgateError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        if machine_fault(error) is not None:
            raise
        raise ModelError(subject, expected=expected, got=said(error), fix=fix) from error


def left(error: SystemExit) -> ModelError:
    """The error for ``sys.exit`` in code that cannot be named."""
    return ModelError(
        "sys.exit",
        expected="code that returns",
        got=f"{said(error)} in code that ntgate called",
        fix="take it out of the backbone, or of whatever the config names",
    )


def said(error: BaseException) -> str:
    """What an error of foreign code says and where it arose, on one line."""
    lines = str(error).strip().splitlines()
    told = type(error).__name__ + (f": {lines[0][:200].rstrip('.')}" if lines else "")
    if isinstance(error, SystemExit):
        told = f"a call of sys.exit({'' if error.code is None else repr(error.code)})"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{told} at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else told
