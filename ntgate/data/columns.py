"""Columns in the forms that a domain knows: features as numbers and text, keys as text, times as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.labels import rows
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def typed(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Numeric columns as float32 with NaN where missing, all others as text with ``""`` where missing.

    Truth values count as the numbers 0 and 1.

    Args:
        frame: the columns.
        where: what messages call the table.

    Raises:
        DataError: on infinite values.

    >>> import pandas as pd
    >>> typed(pd.DataFrame({"a": [1, None], "b": ["x ", None]}), "target").to_numpy().tolist()
    [[1.0, 'x'], [nan, '']]
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
            with np.errstate(over="ignore"):
                values = column.to_numpy(dtype=np.float32, na_value=np.nan)
            wrong = np.flatnonzero(np.isinf(values))
            if len(wrong):
                raise DataError(
                    f"{where}: {name}", expected="numbers within float32, or nothing", got=f"infinity in {rows(wrong)}",
                    fix="correct or empty these cells",
                )  # fmt: skip
            columns[str(name)] = values
        elif column.isna().all():
            columns[str(name)] = np.full(len(frame), np.nan, dtype=np.float32)
        else:
            text = column.astype(object).where(column.notna(), "")
            columns[str(name)] = pd.Series([str(value).strip() for value in text], dtype=object)
    return pd.DataFrame(columns)


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
