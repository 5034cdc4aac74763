"""Labels by name: classes are compared by what they are called, never by their code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Ints
from ntgate.errors import DataError


def encode_labels(values: npt.NDArray[Any], where: str) -> tuple[Ints, tuple[str, ...]]:
    """Codes ``(n,)`` and class names of raw labels ``(n,)``.

    Whole numbers are called by their decimal digits, also where a file holds them as floats. Class names are in numeric
    order when all are whole numbers, in lexicographic order otherwise.

    Raises:
        DataError: on missing labels, fractional numbers, or a single class.

    >>> encode_labels(np.array([10.0, 2.0, 10.0]), "target")
    (array([1, 0, 1]), ('2', '10'))
    >>> encode_labels(np.array(["p", "e"]), "target")
    (array([1, 0]), ('e', 'p'))
    """
    missing = np.array(
        [value is None or value == "" or (isinstance(value, float) and math.isnan(value)) for value in values.tolist()],
        dtype=bool,
    )
    if missing.any():
        raise DataError(
            where, expected="a label in every row", got=f"none in {rows(np.flatnonzero(missing))}",
            fix="label these rows, remove them, or give them as data.unlabelled",
        )  # fmt: skip
    if values.dtype.kind == "f":
        fractional = np.flatnonzero(values != np.round(values))
        if len(fractional):
            raise DataError(
                where, expected="classes: whole numbers or text", got=f"the fraction {values[fractional[0]]}",
                fix="ntgate classifies: turn the number into classes first",
            )  # fmt: skip
        values = values.astype(np.int64)
    names = np.array([str(value).strip() for value in values.tolist()])
    classes = sorted(set(names.tolist()), key=_order(names))
    if len(classes) < 2:
        raise DataError(
            where, expected="at least two classes", got=f"only {classes[0]!r}", fix="add rows of another class"
        )
    code = {name: i for i, name in enumerate(classes)}
    return np.array([code[name] for name in names.tolist()], dtype=np.int64), tuple(classes)


def rows(numbers: npt.NDArray[np.int64], most: int = 5) -> str:
    """Row numbers for a message, counted from 0.

    >>> rows(np.arange(7))
    'rows 0, 1, 2, 3, 4 and 2 more'
    """
    shown = ", ".join(str(number) for number in numbers[:most])
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return f"row{'s' if len(numbers) > 1 else ''} {shown}{more}"


def _order(names: npt.NDArray[np.str_]) -> Any:
    whole = all(name.lstrip("-").isdigit() for name in names.tolist())
    return (lambda name: (int(name), name)) if whole else None
