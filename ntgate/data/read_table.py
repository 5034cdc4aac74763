"""Rows from a table with a label column."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.columns import groups, keys, refuse_cells, repeated, times
from ntgate.data.domain import Domain, Ints
from ntgate.data.labels import encode_labels
from ntgate.data.records import table_records
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError, DataErrors

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 100_000


def read_frame(frame: pd.DataFrame, spec: SourceSpec, name: str, *, labelled: bool, recorded: bool = False) -> Domain:
    """The rows of a table whose header was checked, each feature in the type that the table has it in.

    What the features mean is decided for all domains together (:mod:`ntgate.data.column_kinds`).
    """
    if not len(frame):
        raise DataError(spec.path, expected="at least one row", got="a header alone", fix="check the export")
    check_columns(frame, spec, labelled=labelled)
    y: Ints | None = None
    classes: tuple[str, ...] = ()
    if labelled:
        y, classes = encode_labels(label_values(frame[spec.label]), f"{spec.path}: {spec.label}")
    aside = {spec.label, spec.group, spec.time, spec.id, *spec.drop, *spec.keep}
    features = frame[[column for column in frame.columns if column not in aside]]
    if features.shape[1] == 0:
        raise DataError(spec.path, expected="at least one feature column", got=f"only {', '.join(frame.columns)}", fix="add one")
    refuse_cells(features, spec.path)
    return Domain(
        name,
        features.reset_index(drop=True),
        y,
        classes,
        groups=None if spec.group is None else groups(frame[spec.group], f"{spec.path}: {spec.group}"),
        times=None if spec.time is None else times(frame[spec.time], f"{spec.path}: {spec.time}"),
        keys={column: keys(frame[column]) for column in spec.keep},
        ids=None if spec.id is None else keys(frame[spec.id]),
        records=table_records(frame, spec.label) if recorded else None,
    )


def check_header(header: Sequence[str], spec: SourceSpec) -> None:
    """Refuse a table whose columns cannot be told apart by their names.

    Raises:
        DataError: naming what is wrong with the names.
    """
    if len(header) > MOST_COLUMNS:
        raise DataError(
            spec.path, expected=f"at most {MOST_COLUMNS:,} columns", got=f"{len(header):,}", fix="drop columns, or give an npz"
        )
    empty = sum(not name.strip() for name in header)
    if empty:
        got = "a column without one" if empty == 1 else f"{empty:,} columns without one"
        fix = "name it, or export without an index" if empty == 1 else "name them, or remove what stands above the header"
        raise DataError(spec.path, expected="a name for every column", got=got, fix=fix)
    twice = repeated(header)
    if twice:
        more = f" and {len(twice) - 5} more" if len(twice) > 5 else ""
        raise DataError(
            spec.path, expected="every column once", got=f"{', '.join(twice[:5])}{more} twice", fix="rename one of them"
        )


def check_columns(frame: pd.DataFrame, spec: SourceSpec, *, labelled: bool) -> None:
    """Every column that the config names is there.

    Raises:
        DataError: when one is not; :class:`~ntgate.errors.DataErrors` when several are not.
    """
    named: dict[str, Sequence[str | None]] = {
        "label": [spec.label] if labelled else [],
        "group": [spec.group],
        "time": [spec.time],
        "id": [spec.id],
        "drop": spec.drop,
        "keep": spec.keep,
    }
    columns = [str(column) for column in frame.columns]
    known = set(columns)
    missing = {name: role for role, names in named.items() for name in names if name is not None and name not in known}
    wrong = []
    for name, role in missing.items():
        close = difflib.get_close_matches(name, columns, n=1)
        shown = ", ".join(columns[:8]) + (", ..." if len(columns) > 8 else "")
        fix = f"did you mean {close[0]!r}?" if close else f"set {role} to the right column"
        wrong.append(DataError(spec.path, expected=f"a column {name!r}", got=f"the columns {shown}", fix=fix))
    if wrong:
        raise wrong[0] if len(wrong) == 1 else DataErrors(wrong)


def label_values(column: pd.Series[Any]) -> npt.NDArray[Any]:
    """A column of labels as :func:`~ntgate.data.labels.encode_labels` takes it."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_integer_dtype(column.dtype):
        if not column.isna().any():
            whole = np.uint64 if pd.api.types.is_unsigned_integer_dtype(column.dtype) else np.int64
            return column.to_numpy(dtype=bool if pd.api.types.is_bool_dtype(column.dtype) else whole)
        column = column.astype(object)
    if pd.api.types.is_float_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64)
    if isinstance(column.dtype, pd.StringDtype):
        place, known = pd.factorize(column)
        different: npt.NDArray[Any] = np.array([*known, None], dtype=object)
        return different[place]
    return column.astype(object).where(column.notna(), None).to_numpy()
