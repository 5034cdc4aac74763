"""Columns that are no features: keys as text, times as numbers; and what no column may hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.cells import dates
from ntgate.data.date_text import dates_by_order, ruled, rules_of
from ntgate.data.labels import rows
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = re.compile(r"[+-]?[0-9]+")
_MANY = 1000  # columns; so many one by one would be slow ever after
_AT_ONCE = 2**22  # cells looked at together
# A month in letters and a whole year, of which one order is left.
_WORDS = re.compile(r"[^\W\d_]{3}.*\b\d{4}\b|\b\d{4}\b.*[^\W\d_]{3}")
_MOST_DIGITS = 18  # so many an int64 always holds


def frame_of(columns: Mapping[str, Any], rows: int) -> pd.DataFrame:
    """A table of columns of so many rows; few of them are not copied into one block."""
    import pandas as pd

    return pd.DataFrame(columns, index=pd.RangeIndex(rows), copy=len(columns) > _MANY)


def repeated(names: Iterable[str]) -> list[str]:
    """The names that stand more than once, sorted.

    >>> repeated(["b", "a", "b"])
    ['b']
    """
    return sorted(name for name, times in Counter(names).items() if times > 1)


def refuse_cells(features: pd.DataFrame, where: str) -> None:
    """Refuse infinite values, NUL characters, and whole numbers that no int64 holds.

    Raises:
        DataError: naming column and rows; ``where`` is what messages call the table.
    """
    floats = features.columns[[getattr(dtype, "kind", "") == "f" for dtype in features.dtypes]]
    step = max(1, _AT_ONCE // len(features))
    for start in range(0, len(floats), step):
        names = floats[start : start + step]
        with np.errstate(over="ignore"):
            values = features[names].to_numpy(dtype=np.float32, na_value=np.nan)
        for i in np.flatnonzero(np.isinf(values).any(axis=0))[:1]:
            raise infinite(values[:, i], f"{where}: {names[i]}")
    for name in features.columns[[getattr(dtype, "kind", "") == "O" for dtype in features.dtypes]]:
        texts = features[name]
        try:
            known = texts.drop_duplicates()
        except TypeError:  # lists, and what else cannot be hashed
            known = texts
        if any(isinstance(text, str) and ("\0" in text or len(text) > _MOST_DIGITS) for text in known):
            cells = [text.strip() if isinstance(text, str) else "" for text in texts]
            refuse_what_is_no_text(cells, f"{where}: {name}")


def infinite(values: npt.NDArray[np.floating], where: str) -> DataError:
    """The error for numbers that float32 does not hold."""
    return DataError(
        where,
        expected="numbers within float32, or nothing",
        got=f"infinity in {rows(np.flatnonzero(np.isinf(values)))}",
        fix="correct or empty these cells",
    )


def refuse_what_is_no_text(cells: Sequence[str], where: str) -> None:
    """Refuse NUL characters, and whole numbers that no int64 holds among such that it does.

    Raises:
        DataError: naming the rows.
    """
    nul = np.flatnonzero(["\0" in cell for cell in cells])
    if len(nul):
        raise DataError(where, expected="text", got=f"NUL characters in {rows(nul)}", fix="export the column again")
    digits = np.array([len(cell) for cell in cells])
    too_long = np.flatnonzero(digits > _MOST_DIGITS)
    if not len(too_long) or not all(_WHOLE.fullmatch(cell) for cell in cells if cell):
        return
    if digits[digits > 0].min() <= _MOST_DIGITS:  # numbers and no codes; as text each would become a category
        raise DataError(
            where,
            expected=f"whole numbers of at most {_MOST_DIGITS} digits",
            got=f"longer ones in {rows(too_long)}",
            fix="write smaller numbers, or drop the column",
        )


def keys(column: pd.Series[Any]) -> npt.NDArray[np.str_]:
    """A column of keys as text ``(n,)``, ``""`` where missing.

    Whole numbers are called by their decimal digits, also where a file holds them as floats, so that the same key is the same text
    in every file.

    >>> import pandas as pd
    >>> keys(pd.Series([7.0, None, 8.5])).tolist(), keys(pd.Series([" a", 7])).tolist()
    (['7', '', '8.5'], ['a', '7'])
    """
    texts = []
    for value in column.astype(object).where(column.notna(), "").tolist():
        whole = value.is_integer() if isinstance(value, float) else isinstance(value, Decimal) and value == int(value)
        texts.append(str(int(value)) if whole else str(value).strip())
    return np.array(texts, dtype=np.str_)


def groups(column: pd.Series[Any], where: str) -> npt.NDArray[np.str_]:
    """A column of group keys as text ``(n,)``.

    Raises:
        DataError: when one is missing: its row could belong to any group.
    """
    found = keys(column)
    missing = np.flatnonzero(found == "")
    if len(missing):
        raise DataError(
            where,
            expected="a group in every row",
            got=f"none in {rows(missing)}",
            fix="fill them in: a row that belongs to no other is a group of its own",
        )
    return found


def times(column: pd.Series[Any], where: str) -> npt.NDArray[np.float64]:
    """A column of numbers as they are, or of dates as seconds since 1970 in UTC, ``(n,)``.

    Raises:
        DataError: when one is missing or neither, or could be two dates.

    >>> import pandas as pd
    >>> times(pd.Series(["1970-01-02", "1970-01-01 00:00:00.5"]), "target").tolist()
    [86400.0, 0.5]
    """
    import pandas as pd

    if column.dtype == object and {type(cell) for cell in column[column.notna()]} <= {Decimal, int, float}:
        column = column.astype(float)
    if pd.api.types.is_numeric_dtype(column.dtype):
        found = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        parsed = dates(column if pd.api.types.is_datetime64_any_dtype(column.dtype) else _in_order(column, where))
        # The unit differs from file to file unless it is said.
        found = parsed.astype("datetime64[us, UTC]").astype("int64").to_numpy(dtype=np.float64) / 1e6
        found[parsed.isna().to_numpy()] = np.nan
    wrong = np.flatnonzero(~np.isfinite(found))
    if len(wrong):
        raise DataError(
            where, expected="a number or a date, as 2024-01-31, in every row", got=f"none in {rows(wrong)}", fix="correct them"
        )
    return found


def _in_order(column: pd.Series[Any], where: str) -> pd.Series[Any]:
    """Dates that are text as ISO 8601 has them, None where a text is no date."""
    import pandas as pd

    if not all(isinstance(cell, str) for cell in column[column.notna()]):
        return column
    texts = column.str.strip()
    different = texts[texts.notna() & (texts != "")].unique().tolist()
    by_order = dates_by_order(different)
    possible = [order for order, fits in by_order.items() if fits.all()] if different else ["ymd"]
    if len(possible) > 1:
        raise DataError(
            where,
            expected="dates that can be read in one way",
            got=f"{different[0]!r}, day before month or month before day",
            fix="write them as 2024-01-31",
        )
    if not possible and all(_WORDS.search(text) for text in different):
        return pd.Series(pd.to_datetime(texts, errors="coerce", utc=True, format="mixed"), index=column.index)
    order = possible[0] if possible else max(by_order, key=lambda order: int(by_order[order].sum()))
    rules = [(re.compile(expression), replacement) for expression, replacement in rules_of(order, different)]
    return texts.map(lambda text: ruled(text, rules) if isinstance(text, str) and text else None)
