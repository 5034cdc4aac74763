"""Rows as a client sends them to a scoring server: values that JSON has, in the forms that MLflow reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ntgate.data.column_cells import Cells, converted
from ntgate.data.domain import Domain
from ntgate.data.raw_rows import raw_rows
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_ROWS, _VALUES = 256, 200_000  # of one request


def as_spelled(spec: SourceSpec, domain: Domain, columns: Sequence[str]) -> pd.DataFrame | None:
    r"""The rows of a table with their cells as the file spells them; None where it does not hold these rows any more.

    >>> import pathlib, tempfile
    >>> from ntgate.data.readers import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     spec = SourceSpec(path=folder + "/rows.csv")
    ...     _ = pathlib.Path(spec.path).write_text("share,label\n12 %,a\n7 %,b\n")
    ...     rows = read(spec, "test")
    ...     print(rows.rows["share"].tolist(), as_spelled(spec, rows, ["share"])["share"].tolist())
    ...     _ = pathlib.Path(spec.path).write_text("share,label\n12 %,a\n8 %,b\n")
    ...     print(as_spelled(spec, rows, ["share"]))
    [12.0, 7.0] ['12 %', '7 %']
    None
    """
    import pandas as pd

    assert isinstance(domain.rows, pd.DataFrame)
    try:
        raw = raw_rows(spec, domain, np.arange(len(domain))).table
        if any(name not in raw.columns or not _same(raw[name], domain, name) for name in columns):
            return None
    except (DataError, IndexError):
        return None
    return raw[list(columns)]


def _same(column: pd.Series[Any], domain: Domain, name: str) -> bool:
    """Whether cells of a file are still what was read of them."""
    assert not isinstance(domain.rows, np.ndarray)
    now, then = np.asarray(converted(Cells(column), domain.forms[name], name)), domain.rows[name].to_numpy()
    if then.dtype == object:
        return bool((now == then).all())
    return bool(np.array_equal(now, then, equal_nan=True))


def requests(rows: pd.DataFrame | np.ndarray[Any, Any]) -> list[tuple[slice, dict[str, Any]]]:
    """All rows, some in each request: which they are, and how they are sent.

    >>> import pandas as pd
    >>> requests(pd.DataFrame({"age": [31.0, None], "ward": ["a", ""]}))
    [(slice(0, 2, None), {'dataframe_split': {'columns': ['age', 'ward'], 'data': [[31.0, 'a'], [None, '']]}})]
    >>> requests(np.array([[0.5, 1.5]], np.float32))
    [(slice(0, 1, None), {'inputs': [[0.5, 1.5]]})]
    """
    each = int(np.prod(rows.shape[1:])) or 1
    step = max(1, min(_ROWS, _VALUES // each))
    parts = [slice(start, min(start + step, len(rows))) for start in range(0, len(rows), step)]
    if isinstance(rows, np.ndarray):
        return [(part, {"inputs": rows[part].tolist()}) for part in parts]
    columns = [str(name) for name in rows.columns]
    cells = [_values(rows[name]) for name in rows.columns]
    data = [list(row) for row in zip(*cells, strict=True)]
    return [(part, {"dataframe_split": {"columns": columns, "data": data[part]}}) for part in parts]


def alone(rows: pd.DataFrame | np.ndarray[Any, Any], most: int) -> list[tuple[int, dict[str, Any]]]:
    """Some rows in a request each, of a table without the cells that are missing, those that miss most first: which, and how.

    >>> import pandas as pd
    >>> alone(pd.DataFrame({"age": [31.0, None], "ward": ["a", "b"]}), 1)
    [(1, {'dataframe_split': {'columns': ['ward'], 'data': [['b']]}})]
    """
    if isinstance(rows, np.ndarray):
        return [(row, {"inputs": rows[row : row + 1].tolist()}) for row in range(min(most, len(rows)))]
    missing = rows.isna() | (rows == "")
    found = []
    for row in np.argsort(-missing.sum(axis=1).to_numpy(), kind="stable")[:most].tolist():
        there = rows.columns[~missing.iloc[row].to_numpy()]
        one = rows.loc[:, there if len(there) else rows.columns[:1]].iloc[[row]]
        found.append((row, requests(one)[0][1]))
    return found


def _values(column: pd.Series[Any]) -> list[Any]:
    gone = column.isna().to_numpy()
    return [None if missing else _value(cell) for cell, missing in zip(column, gone, strict=True)]


def _value(cell: Any) -> Any:
    if isinstance(cell, np.generic):
        cell = cell.item()
    return cell if isinstance(cell, str | bool | int | float) else str(cell)
