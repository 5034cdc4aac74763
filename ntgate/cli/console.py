"""Standard output belongs to the answer, standard error to everything else."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from functools import cache
from typing import Any, TextIO

import click

from ntgate import SCHEMA
from ntgate.base import finite
from ntgate.errors import MachineError

# Control characters, and those that turn the order of what is read.
_NO_SIGN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_answers: list[TextIO] = []


class ReaderGoneError(Exception):
    """Whoever read the answer has closed the pipe, and wants no more of it."""


@contextmanager
def claimed() -> Iterator[None]:
    """Keep standard output for answers: whatever else prints, libraries and their C code included, goes to standard error.

    Without this one line of a library would make ``--json`` unreadable.
    """
    if sys.stdout is None:  # closed by whoever started us
        with open(os.devnull, "w", encoding="utf-8") as nothing, redirect_stdout(nothing):
            yield
        return
    try:
        sys.stdout.flush()
        number = sys.stdout.fileno()
        kept = os.dup(number)
    except (OSError, ValueError):  # captured by a caller that gave us no file, such as a test runner
        _answers.append(sys.stdout)
        try:
            yield
        finally:
            _answers.pop()
        return
    with suppress(OSError, ValueError, AttributeError):  # without a standard error the libraries may have the output
        os.dup2(sys.stderr.fileno(), number)
    out = os.fdopen(kept, "w", encoding="utf-8")
    _answers.append(out)
    try:
        yield
    finally:
        _answers.pop()
        with suppress(OSError):
            sys.stdout.flush()
        os.dup2(kept, number)
        with suppress(OSError):  # what could not be written was told when it was answered
            out.close()


def answer(content: Mapping[str, Any] | str) -> None:
    """Print the command's answer on standard output: text, or exactly one JSON object, which names its schema.

    Raises:
        ReaderGoneError: when nobody reads it.
        MachineError: when it cannot be written.
    """
    told = content if isinstance(content, str) else finite({"schema": SCHEMA, **content})
    text = printable(told) if isinstance(told, str) else json.dumps(told, indent=2, allow_nan=False)
    out = _answers[-1] if _answers else sys.stdout
    try:
        click.echo(text, file=out)
        out.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except (OSError, ValueError) as error:
        raise MachineError(
            "standard output",
            expected="a place that takes the answer",
            got=getattr(error, "strerror", None) or str(error),
            fix="make room there, or write elsewhere",
        ) from error


def style(text: str, **looks: Any) -> str:
    """A part of an answer or a note in a colour or bold: nothing else in it may command a terminal."""
    return click.style(text, **looks).replace("\x1b", _escape())


def printable(text: str) -> str:
    r"""A text in which what is no sign is written out, but for tabs, line ends, and what :func:`style` made.

    Names and cells are what their files say, and could else colour, move and hide what stands beside them.

    >>> printable("c\x1b[31m\tgr\u00fcn\u202e")
    'c\\x1b[31m\tgrün\\u202e'
    """
    return _NO_SIGN.sub(lambda found: ascii(found[0])[1:-1], text).replace(_escape(), "\x1b")


@cache
def _escape() -> str:
    """What stands for the escape of a style until it is printed; no file knows it."""
    return f"\ufdd0{secrets.token_hex(8)}"


def note(text: str) -> None:
    """A line for people on standard error; where nobody reads it, nothing is lost that a run should end for."""
    with suppress(OSError, ValueError):
        click.echo(printable(text), err=True)


def error(text: str) -> None:
    """An error line on standard error, red on a terminal."""
    for line in text.splitlines():
        note(style("error: ", fg="red", bold=True) + line)
