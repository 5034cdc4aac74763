"""JSON that somebody else may have written: a file that is none, or that nests deeper than Python follows, is no JSON either."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any


def parsed(text: str | bytes) -> Any:
    """What ``text`` stands for.

    Raises:
        ValueError: when it is no JSON, or nests too deep.

    >>> parsed('{"a": [1]}')
    {'a': [1]}
    >>> parsed("[" * 100_000)
    Traceback (most recent call last):
    ...
    ValueError: brackets in brackets, too many for what is meant
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("brackets in brackets, too many for what is meant") from None


def read_json(path: Path) -> Any:
    """What the file at ``path`` stands for.

    Raises:
        OSError: when it cannot be read, or is a pipe or a device, which might never end.
        ValueError: when it is no JSON.
    """
    if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
        raise OSError(f"{path} is a pipe, a device or a socket")
    return parsed(path.read_text(encoding="utf-8"))
