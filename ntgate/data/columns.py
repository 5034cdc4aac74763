"""Columns of a table in the two forms that a domain knows: numbers and text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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
