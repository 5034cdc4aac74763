"""Records that are none of their own: those that a stray quote has swallowed, and a header that stands again among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ntgate.data.labels import rows
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_MOST = 1000  # cells of a column that are looked at
_NUMBER = re.compile(r'"?\s*[+-]?[\d.,]+([eE][+-]?\d+)?\s*"?')
_ENDS = re.compile(r"\r\n|\r|\n")
_AROUND = "\ufeff \t"  # a mark of byte order begins each of the files that were put together
_EVIDENCE = {"\t": 0, ",": 2}  # numbers in their places, where a text may well have the separator in it; of others one


def refuse_swallowed(frame: pd.DataFrame, separator: str, spec: SourceSpec) -> None:
    """Refuse cells that hold the records between two stray quotes, and a header among the records.

    Such a cell ends with the fields of a record up to its own column.

    Raises:
        DataError: naming column and row.
    """
    import pandas as pd

    names, kinds = list(frame.columns), list(frame.dtypes)
    texts = {name for name, kind in zip(names, kinds, strict=True) if isinstance(kind, pd.StringDtype)}
    first = spec.label if spec.label in texts else next((name for name in names if name in texts), None)
    if first is not None:
        again = np.flatnonzero((frame[first].str.strip(_AROUND).str.lower() == _bare(first)).to_numpy(dtype=bool, na_value=False))
        again = again[[all(_is_name(frame[name].iat[int(i)], name) for name in names) for i in again]]
        if len(again):
            raise DataError(spec.path, expected="its header once", got=f"it again in {rows(again)}", fix="remove it there")
    numbers = np.flatnonzero([getattr(kind, "kind", "O") in "fiu" for kind in kinds])
    for place, name in enumerate(names):
        if name not in texts or place == 0:
            continue
        before = numbers[numbers < place]
        if len(before) < _EVIDENCE.get(separator, 1):
            continue
        for row in np.flatnonzero(frame[name].str.contains("\n|\r", regex=True, na=False).to_numpy())[:_MOST]:
            *others, last = _ENDS.split(str(frame[name].iat[int(row)]))
            fields = last.split(separator)
            if len(fields) == place + 1 and all(_NUMBER.fullmatch(fields[number]) for number in before):
                raise DataError(
                    f"{spec.path}: {name}",
                    expected="quotes in pairs",
                    got=f"one in row {row} that takes the {len(others)} lines behind it into its field",
                    fix="double each quote that is part of a text and put quotes around the text, or remove it",
                )


def _is_name(cell: object, name: str) -> bool:
    return _bare(cell) == _bare(name) or (name == "Unnamed: 0" and (cell is None or str(cell) == "nan"))


def _bare(cell: object) -> str:
    return str(cell).strip(_AROUND).lower()
