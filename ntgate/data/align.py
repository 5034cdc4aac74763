"""Alignment: target rows must have the shape, or the columns, of the source rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ntgate.data.domain import Domain
from ntgate.data.spelling import bare, shown
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def align(source: Domain, other: Domain, *, kinds: bool = True) -> Domain:
    """``other`` with its rows in the form of the source's: same kind, same shape, same columns in the same order.

    Args:
        source: the rows to follow.
        other: the rows to bring into their form.
        kinds: whether a column has to hold numbers where the source's does, and text where that does.

    Raises:
        DataError: when the rows differ in kind or shape, or columns are missing, left over, or of another kind.
    """
    if source.kind != other.kind:
        raise DataError(
            other.name,
            expected=f"rows of the kind of the {source.name} ({source.kind})",
            got=other.kind,
            fix="give both in one format",
        )
    if isinstance(source.rows, np.ndarray) or isinstance(other.rows, np.ndarray):
        if source.rows.shape[1:] != other.rows.shape[1:]:
            raise DataError(
                other.name,
                expected=f"rows of shape {source.rows.shape[1:]} as in the {source.name}",
                got=f"{other.rows.shape[1:]}",
                fix="set image_size, or resize the rows",
            )
        return other
    return replace(other, rows=_columns(source.rows, other.rows, (source.name, other.name), kinds))


def _columns(source: pd.DataFrame, other: pd.DataFrame, names: tuple[str, str], kinds: bool) -> pd.DataFrame:
    import pandas as pd

    first, name = names
    missing = [column for column in source.columns if column not in other.columns]
    extra = [column for column in other.columns if column not in source.columns]
    if missing or extra:
        parts = [f"{what} {', '.join(columns[:5])}" for what, columns in (("without", missing), ("also", extra)) if columns]
        alike = [f"{shown(one)} to {shown(other)}" for one in extra for other in missing if bare(one) == bare(other)]
        fix = f"rename {', '.join(alike[:5])}" if alike else "rename, add or drop columns"
        raise DataError(name, expected=f"the columns of the {first}", got="; ".join(parts), fix=fix)
    ordered = other[list(source.columns)]
    if all(one.kind == two.kind for one, two in zip(source.dtypes, ordered.dtypes, strict=True)):
        return ordered
    columns = {}
    for column in source.columns:
        values = other[column]
        wanted, found = source[column].dtype.kind, values.dtype.kind
        if wanted != found and (kinds or values.isna().all()):
            if found != "f" or not values.isna().all():
                words = {"f": "numbers"}
                raise DataError(
                    f"{name}: {column}",
                    expected=f"{words.get(wanted, 'text')} as in the {first}",
                    got=words.get(found, "text"),
                    fix="write the column the same way in both files",
                )
            values = pd.Series([""] * len(other), dtype=object)  # an empty column has no kind of its own
        columns[column] = values
    return pd.DataFrame(columns)
