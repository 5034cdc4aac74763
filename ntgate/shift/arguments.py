"""Arguments of the measures, checked: rows of numbers, labels as codes, levels; or an error that names the argument."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


def matrix(value: Any, name: str) -> Floats:
    """The rows of ``value`` in memory, ``(n, d)``: float32 as they came, all else as float64.

    ``value`` is whatever :func:`~ntgate.shift.kernel.rows.open_rows` reads.

    Raises:
        DataError: naming the argument, when it holds no two rows of finite numbers.
    """
    from ntgate.shift.kernel.rows import open_rows

    rows = np.concatenate(list(open_rows(value, name).blocks(65_536)))
    return rows if rows.dtype == np.float32 else rows.astype(np.float64)


def pair(x: Any, y: Any, names: tuple[str, str] = ("x", "y")) -> tuple[Floats, Floats]:
    """The rows of two samples, of equal width.

    Raises:
        DataError: naming the argument that holds no finite rows, or the second one when the widths differ.
    """
    first, second = matrix(x, names[0]), matrix(y, names[1])
    if first.shape[1] != second.shape[1]:
        raise DataError(
            names[1],
            expected=f"rows of width {first.shape[1]} as in {names[0]}",
            got=f"width {second.shape[1]}",
            fix="use the same features",
        )
    return first, second


def label_codes(values: Any, classes: Sequence[str], name: str, *, rows: int | None = None) -> Ints:
    """Labels as codes ``(n,)`` into ``classes``.

    Args:
        values: whole numbers from 0 to ``len(classes) - 1``.
        classes: the class names.
        name: of the argument.
        rows: how many labels there have to be; None: any number but 0.

    Raises:
        DataError: naming the argument, when these are no such codes.

    >>> label_codes([1.0, 0.0], ("a", "b"), "y")
    array([1, 0])
    """
    found = np.asarray(values)
    expected = f"whole numbers from 0 to {len(classes) - 1}, codes into the class names"
    if found.ndim != 1 or (rows is not None and len(found) != rows) or len(found) == 0:
        count = "one label a row" if rows is None else f"one label for each of {rows} rows"
        raise DataError(name, expected=count, got=f"shape {found.shape}", fix="give labels of shape (n,)")
    if found.dtype.kind not in "fiub":
        raise DataError(name, expected=expected, got=f"dtype {found.dtype}", fix="encode the labels")
    if found.dtype.kind == "f" and not np.array_equal(found, np.round(found)):
        wrong = found[found != np.round(found)][0]  # NaN too is unequal to itself
        raise DataError(name, expected=expected, got=str(wrong), fix="encode the labels")
    outside = found[(found < 0) | (found >= len(classes))]
    if len(outside):
        raise DataError(name, expected=expected, got=str(outside[0]), fix="give the name of every class")
    return found.astype(np.int64)


def check_level(alpha: float) -> None:
    """Refuse what is no level of a test."""
    if not 0 < alpha < 0.5:
        raise DataError("alpha", expected="a level between 0 and 0.5", got=f"{alpha}", fix="use 0.05")


def check_least(least: int, **numbers: int | None) -> None:
    """Refuse a number, named as the argument, below ``least``; None passes."""
    for name, number in numbers.items():
        if number is not None and number < least:
            raise DataError(name, expected=f"at least {least}", got=str(number), fix="leave it out")


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names for a message.

    >>> listed(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
