"""How a column is read: what the config says of it, and what is then known of it for the encoder and for serving."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from math import isfinite
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator

from ntgate.base import Frozen

Kind = Literal["number", "category", "date", "boolean", "text", "ignore"]
Rules: TypeAlias = tuple[tuple[str, str], ...]


def word(value: Any) -> Any:
    """A plain value of a config as the text that a file has for it.

    >>> word(-1), word(True), word(1.0), word("NA")
    ('-1', 'True', '1', 'NA')
    """
    if value is None:
        return "None"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, bool | int | float) else value


def numbers_among(words: Iterable[str]) -> tuple[float, ...]:
    """The words that are finite numbers, as such, in order.

    >>> numbers_among(["?", "-999", "nan", "-1e3"])
    (-1000.0, -999.0)
    """
    found = []
    for one in words:
        with suppress(ValueError):
            found.append(float(one))
    return tuple(sorted(number for number in found if isfinite(number)))


class ColumnRead(Frozen):
    """What a config says of a column.

    Attributes:
        kind: what it holds.
        missing: words that mean no value in it.
        decimal: what stands before the fraction of its numbers.
        thousands: what stands between their thousands.
        order: of day, month and year in its dates.
    """

    kind: Kind
    missing: tuple[Annotated[str, BeforeValidator(word)], ...] = ()
    decimal: Literal[".", ","] | None = None
    thousands: Literal[",", ".", " ", "'"] | None = None
    order: Literal["ymd", "dmy", "mdy"] | None = None


def _by_kind(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


ColumnSpec: TypeAlias = Annotated[ColumnRead, BeforeValidator(_by_kind)]


class ColumnForm(Frozen):
    """How the cells of a column become what a model takes.

    Attributes:
        kind: a ``number`` (a truth value is one too), a ``category``, a ``date`` or a ``text``.
        rules: expressions and what they are replaced by, applied one after the other to a cell that is text, before it is read.
        unit: seconds that one step of a date in numbers takes.
        gone: numbers that mean no value.
        exact: whether its numbers need float64: as float32 some that differ would be equal.
        written: how its cells are written, for people; empty where that is plain.
    """

    kind: Literal["number", "category", "date", "text"]
    rules: Rules = ()
    unit: float = 1.0
    gone: tuple[float, ...] = ()
    exact: bool = False
    written: str = ""
