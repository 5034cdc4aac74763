"""Columns in the forms that a domain knows: features as numbers and text, keys as text, times as numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.labels import rows
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 18  # so many an int64 always holds


def repeated(names: Iterable[str]) -> list[str]:
    """The names that stand more than once, sorted.

    >>> repeated(["b", "a", "b"])
    ['b']
    """
    return sorted(name for name, times in Counter(names).items() if times > 1)


def typed(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Numeric columns as float32 with NaN where missing, all others as text with ``""`` where missing.

    Truth values count as the numbers 0 and 1.

    Args:
        frame: the columns.
        where: what messages call the table.

    Raises:
        DataError: on infinite values, NUL characters, and whole numbers that no int64 holds.

    >>> import pandas as pd
    >>> typed(pd.DataFrame({"a": [1, None], "b": ["x ", None]}), "target").to_numpy().tolist()
    [[1.0, 'x'], [nan, '']]
    """
    import pandas as pd

    plain = [isinstance(dtype, np.dtype) and dtype.kind in "fiub" for dtype in frame.dtypes]
    with np.errstate(over="ignore"):  # all at once: a table may have 50,000 columns
        numbers = frame.loc[:, plain].to_numpy(dtype=np.float32)
    for i in np.flatnonzero(np.isinf(numbers).any(axis=0))[:1]:
        raise _infinite(numbers[:, i], f"{where}: {frame.columns[plain][i]}")
    columns = pd.DataFrame(numbers, columns=frame.columns[plain].map(str))
    if all(plain):
        return columns
    others = {str(name): _typed(frame[name], f"{where}: {name}") for name in frame.columns[~np.array(plain)]}
    return pd.concat([columns, pd.DataFrame(others)], axis=1)[[str(name) for name in frame.columns]]


def _typed(column: pd.Series[Any], where: str) -> Any:
    """One column of another type than numpy's numbers."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        with np.errstate(over="ignore"):
            values = column.to_numpy(dtype=np.float32, na_value=np.nan)
        if np.isinf(values).any():
            raise _infinite(values, where)
        return values
    if column.isna().all():
        return np.full(len(column), np.nan, dtype=np.float32)
    text = column.astype(object).where(column.notna(), "")
    cells = [str(value).strip() for value in text]
    _refuse_what_is_no_text(cells, where)
    return pd.Series(cells, dtype=object)


def _infinite(values: npt.NDArray[np.float32], where: str) -> DataError:
    return DataError(
        where, expected="numbers within float32, or nothing", got=f"infinity in {rows(np.flatnonzero(np.isinf(values)))}",
        fix="correct or empty these cells",
    )  # fmt: skip


def _refuse_what_is_no_text(cells: list[str], where: str) -> None:
    nul = np.flatnonzero(["\0" in cell for cell in cells])
    if len(nul):
        raise DataError(
            where, expected="text", got=f"NUL characters in {rows(nul)}", fix="export the column again"
        )  # fmt: skip
    digits = np.array([len(cell) for cell in cells])
    too_long = np.flatnonzero(digits > _MOST_DIGITS)
    if not len(too_long) or not all(_WHOLE.fullmatch(cell) for cell in cells if cell):
        return
    if digits[digits > 0].min() <= _MOST_DIGITS:  # numbers and no codes; as text each would become a category
        raise DataError(
            where, expected=f"whole numbers of at most {_MOST_DIGITS} digits", got=f"longer ones in {rows(too_long)}",
            fix="write smaller numbers, or drop the column",
        )  # fmt: skip


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
        whole = isinstance(value, float) and value.is_integer()
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
            where, expected="a group in every row", got=f"none in {rows(missing)}",
            fix="fill them in: a row that belongs to no other is a group of its own",
        )  # fmt: skip
    return found


def times(column: pd.Series[Any], where: str) -> npt.NDArray[np.float64]:
    """A column of numbers as they are, or of dates as seconds since 1970 in UTC, ``(n,)``.

    Raises:
        DataError: when one is missing or neither.

    >>> import pandas as pd
    >>> times(pd.Series(["1970-01-02", "1970-01-01 00:00:00.5"]), "target").tolist()
    [86400.0, 0.5]
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype):
        found = column.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        parsed = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
        if parsed.isna().any():
            parsed = pd.to_datetime(column, errors="coerce", utc=True)
        # The unit differs from file to file unless it is said.
        found = parsed.astype("datetime64[us, UTC]").astype("int64").to_numpy(dtype=np.float64) / 1e6
        found[parsed.isna().to_numpy()] = np.nan
    wrong = np.flatnonzero(~np.isfinite(found))
    if len(wrong):
        raise DataError(
            where, expected="a number or a date, as 2024-01-31, in every row", got=f"none in {rows(wrong)}", fix="correct them"
        )  # fmt: skip
    return found
