"""Standard output belongs to the answer, standard error to everything else."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

import click

from ntgate import SCHEMA

_answers: list[TextIO] = []


@contextmanager
def claimed() -> Iterator[None]:
    """Keep standard output for answers: whatever else prints, libraries and their C code included, goes to standard error.

    Without this one line of a library would make ``--json`` unreadable.
    """
    sys.stdout.flush()
    try:
        number = sys.stdout.fileno()
        kept = os.dup(number)
    except (OSError, ValueError):  # captured by a caller that gave us no file, such as a test runner
        _answers.append(sys.stdout)
        try:
            yield
        finally:
            _answers.pop()
        return
    os.dup2(sys.stderr.fileno(), number)
    with os.fdopen(kept, "w", encoding="utf-8") as out:
        _answers.append(out)
        try:
            yield
        finally:
            _answers.pop()
            out.flush()
            sys.stdout.flush()
            os.dup2(kept, number)


def answer(content: Mapping[str, Any] | str) -> None:
    """Print the command's answer on standard output: text, or exactly one JSON object, which names its schema."""
    told = content if isinstance(content, str) else _finite({"schema": SCHEMA, **content})
    text = told if isinstance(told, str) else json.dumps(told, indent=2, allow_nan=False)
    out = _answers[-1] if _answers else sys.stdout
    click.echo(text, file=out)
    out.flush()


def note(text: str) -> None:
    """A line for people on standard error."""
    click.echo(text, err=True)


def error(text: str) -> None:
    """An error line on standard error, red on a terminal."""
    for line in text.splitlines():
        click.echo(click.style("error: ", fg="red", bold=True) + line, err=True)


def _finite(value: Any) -> Any:
    """JSON has no NaN: what could not be computed is null."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
