"""Labels by name: classes are compared by what they are called, never by their code."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Ints
from ntgate.errors import DataError

_EXACT = 2.0**53  # from here on float64 skips whole numbers, so that two classes could be one
_LONGEST = 500  # characters of a class name
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MISSING = ("NaTType", "NAType")  # pandas' own signs, which stand in columns of objects


def encode_labels(values: npt.NDArray[Any], where: str) -> tuple[Ints, tuple[str, ...]]:
    """Codes ``(n,)`` and class names of raw labels ``(n,)``.

    Whole numbers are called by their decimal digits, also where a file holds them as floats. Class names are in numeric
    order when all are whole numbers, in lexicographic order otherwise.

    Raises:
        DataError: on missing labels, on values that name no class (fractions, infinity, floats too large to be told apart,
            dates, lists, texts that cannot be printed), or on a single class.

    >>> encode_labels(np.array([10.0, 2.0, 10.0]), "target")
    (array([1, 0, 1]), ('2', '10'))
    >>> encode_labels(np.array(["p", "e"]), "target")
    (array([1, 0]), ('e', 'p'))
    """
    codes, labels = _read(values)
    missing = np.flatnonzero(np.array([label.missing for label in labels], dtype=bool)[codes])
    if len(missing):
        raise DataError(
            where,
            expected="a label in every row",
            got=f"none in {rows(missing)}",
            fix="label these rows, remove them, or give them as data.unlabelled",
        )
    faults = [label.fault for label in labels]
    first = next((fault for fault in faults if fault is not None), None)
    if first is not None:
        alike = np.flatnonzero(np.array([fault is not None and fault[0] == first[0] for fault in faults])[codes])
        raise DataError(
            where,
            expected="classes: whole numbers or text",
            got=f"{first[0]} {first[1]} in {rows(alike)}",
            fix="ntgate classifies: turn the number into classes first"
            if first[0] == "the fraction"
            else "write the name of a class in each of these rows, or remove them",
        )
    names = [label.name for label in labels]
    classes = sorted(set(names), key=class_order(set(names)))
    if len(classes) < 2:
        raise DataError(where, expected="at least two classes", got=f"only {classes[0]!r}", fix="add rows of another class")
    code = {name: i for i, name in enumerate(classes)}
    return np.array([code[name] for name in names], dtype=np.int64)[codes], tuple(classes)


def _read(values: npt.NDArray[Any]) -> tuple[Ints, list[_Label]]:
    """Which of the labels each row has, and the labels, each different value read once, in the order of their first rows."""
    if values.dtype.kind == "f":  # of a long double, tolist makes no float
        values = values.astype(np.float64)
    raw = list(values) if values.dtype.kind in "mM" else values.tolist()  # of dates, tolist makes numbers
    if set(map(type, raw)) in ({str}, {int}):  # of one type, what is equal is the same; pandas would stop at a NUL
        code = {value: i for i, value in enumerate(dict.fromkeys(raw))}
        return np.fromiter(map(code.__getitem__, raw), dtype=np.int64, count=len(raw)), [_Label(value) for value in code]
    read: dict[Any, int] = {}
    labels: list[_Label] = []
    found = []
    for value in raw:
        key = (type(value), value) if isinstance(value, str | bytes | int | float) else id(value)
        if key not in read:
            read[key] = len(labels)
            labels.append(_Label(value))
        found.append(read[key])
    return np.array(found, dtype=np.int64), labels


def label_name(value: Any) -> str:
    """What a single raw label is called by the same rule; empty where it is missing, and the value itself where it names no class.

    >>> label_name(3.0), label_name(" yes "), label_name(b"no"), label_name(float("nan")), label_name(0.5)
    ('3', 'yes', 'no', '', '0.5')
    """
    label = _Label(value)
    return label.name if label.fault is None else str(value)


class _Label:
    """A raw value as the name of a class: missing, or with the kind and the look of what is wrong with it."""

    __slots__ = ("fault", "missing", "name")

    def __init__(self, value: Any) -> None:
        self.name, self.fault = "", None
        if isinstance(value, np.generic) and value.dtype.kind not in "mM":
            value = value.item()
        if isinstance(value, bytes):
            value = value.decode("utf-8", errors="surrogateescape")
        if isinstance(value, Decimal):
            value = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
        self.missing = value is None or type(value).__name__ in _MISSING
        if self.missing:
            return
        if isinstance(value, str):
            self.name = value.strip()
            self.missing = not self.name
            if unprintable(self.name):
                self.fault = ("a text with a character that cannot be printed,", repr(self.name)[:60])
            elif len(self.name) > _LONGEST:
                self.fault = (f"a text of over {_LONGEST} characters,", f"{self.name[:40]!r}...")
        elif isinstance(value, bool | int):
            self.name = str(value)
        elif isinstance(value, float):
            self._of_number(value)
        else:
            self.fault = (f"a value of the type {type(value).__name__},", str(value)[:40])

    def _of_number(self, value: float) -> None:
        self.missing = math.isnan(value)
        if self.missing:
            return
        if math.isinf(value):
            self.fault = ("the infinite number", str(value))
        elif not value.is_integer():
            self.fault = ("the fraction", str(value))
        elif abs(value) >= _EXACT:
            self.fault = ("a number too large to be told from its neighbours,", str(value))
        else:
            self.name = str(int(value))


def unprintable(text: str) -> bool:
    r"""Whether a text has control characters, other than tabs and line ends, or halves of characters.

    >>> unprintable("a\tb"), unprintable("a\0b")
    (False, True)
    """
    return _UNPRINTABLE.search(text) is not None


def rows(numbers: npt.NDArray[np.int64], most: int = 5) -> str:
    """Row numbers for a message, counted from 0.

    >>> rows(np.arange(7))
    'rows 0, 1, 2, 3, 4 and 2 more'
    """
    shown = ", ".join(str(number) for number in numbers[:most])
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return f"row{'s' if len(numbers) > 1 else ''} {shown}{more}"


def class_order(names: set[str]) -> Any:
    """What class names are sorted by: their number where all are whole numbers, else themselves (None)."""
    whole = all(name.removeprefix("-").isdecimal() and name.isascii() for name in names)
    return (lambda name: (int(name), name)) if whole else None
