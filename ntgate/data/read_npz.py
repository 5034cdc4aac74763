"""Rows from an npz file: ``x`` and ``y``, never a pickle."""

from __future__ import annotations

import zipfile
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.columns import groups, keys, times
from ntgate.data.domain import Domain, Ints
from ntgate.data.labels import encode_labels, rows
from ntgate.data.records import array_records
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def read_npz(file: IO[bytes], spec: SourceSpec, name: str, *, labelled: bool, recorded: bool = False) -> Domain:
    """The arrays ``x`` ``(n, ...)`` and ``y`` ``(n,)`` of an npz file.

    ``x`` becomes float32, or stays uint8 ``(n, h, w, c)`` when the format is set to ``images``.
    """
    arrays = _arrays(file, spec)
    x = _wanted(arrays, "x", spec)
    if x.ndim < 2 or x.dtype.kind not in "fiub":
        raise DataError(
            f"{spec.path}: x", expected="numbers of shape (n, ...)", got=f"{x.dtype} of shape {x.shape}",
            fix="store one row of numbers an example",
        )  # fmt: skip
    if len(x) == 0:
        raise DataError(f"{spec.path}: x", expected="at least one row", got="none", fix="check the export")
    y: Ints | None = None
    classes: tuple[str, ...] = ()
    if labelled:
        raw = _wanted(arrays, "y", spec)
        if raw.shape != (len(x),):
            raise DataError(
                f"{spec.path}: y",
                expected=f"one label a row, shape ({len(x)},)",
                got=f"shape {raw.shape}",
                fix="match y to x",
            )
        y, classes = encode_labels(raw, f"{spec.path}: y")
    return Domain(
        name,
        _float32(x, spec),
        y,
        classes,
        groups=None
        if spec.group is None
        else groups(_column(arrays, spec.group, spec, len(x)), f"{spec.path}: {spec.group}"),
        times=None
        if spec.time is None
        else times(_column(arrays, spec.time, spec, len(x)), f"{spec.path}: {spec.time}"),
        keys={key: keys(_column(arrays, key, spec, len(x))) for key in spec.keep},
        ids=None if spec.id is None else keys(_column(arrays, spec.id, spec, len(x))),
        records=array_records(arrays) if recorded else None,
    )


def _arrays(file: IO[bytes], spec: SourceSpec) -> dict[str, npt.NDArray[Any]]:
    try:
        with np.load(file, allow_pickle=False) as content:
            return {key: content[key] for key in content.files}
    except ValueError as error:
        if "pickle" in str(error).lower():
            raise DataError(
                spec.path, expected="arrays of numbers or text", got="pickled objects, which could run code",
                fix="save x as numbers and y as integers or text",
            ) from error  # fmt: skip
        raise _damaged(spec, error) from error
    except (zipfile.BadZipFile, OSError, EOFError, KeyError, AttributeError) as error:
        raise _damaged(spec, error) from error


def _damaged(spec: SourceSpec, error: Exception) -> DataError:
    return DataError(
        spec.path, expected="an npz file", got=f"a damaged file ({error})", fix="write it again with numpy.savez"
    )


def _wanted(arrays: dict[str, npt.NDArray[Any]], key: str, spec: SourceSpec) -> npt.NDArray[Any]:
    if key not in arrays:
        held = ", ".join(arrays) or "nothing"
        raise DataError(spec.path, expected=f"an array {key!r}", got=f"the arrays {held}", fix=f"store it as {key!r}")
    return arrays[key]


def _column(arrays: dict[str, npt.NDArray[Any]], key: str, spec: SourceSpec, count: int) -> pd.Series[Any]:
    import pandas as pd

    column = _wanted(arrays, key, spec)
    if column.shape != (count,):
        raise DataError(
            f"{spec.path}: {key}", expected=f"shape ({count},)", got=f"shape {column.shape}", fix="match it to x"
        )
    return pd.Series(column)


def _float32(x: npt.NDArray[Any], spec: SourceSpec) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(x, dtype=np.float32)
    wrong = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(axis=1))
    if len(wrong):
        raise DataError(
            f"{spec.path}: x", expected="finite numbers within float32", got=f"NaN or infinity in {rows(wrong)}",
            fix="impute or remove these rows, or give a table, where missing values are imputed",
        )  # fmt: skip
    return x
