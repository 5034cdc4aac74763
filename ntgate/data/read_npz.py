"""Rows from an npz file: ``x`` and ``y``, never a pickle."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.columns import groups, keys, times
from ntgate.data.domain import Domain, Ints
from ntgate.data.image_arrays import Layout, layout_of, pixels_of
from ntgate.data.image_seen import PicturesSeen
from ntgate.data.image_spec import ImagesSpec
from ntgate.data.labels import encode_labels, rows
from ntgate.data.npz_members import Npz
from ntgate.data.records import array_records
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_SKIPPED = 2**24  # from here float32 skips whole numbers
_KEPT = 0.9


def read_npz(file: IO[bytes], spec: SourceSpec, name: str, images: ImagesSpec, *, labelled: bool, recorded: bool = False) -> Domain:
    """The arrays ``x`` ``(n, ...)`` and ``y`` ``(n,)`` of an npz file.

    ``x`` becomes float32. Whole numbers of 8 bits with one, three or four channels last are pictures, as are all for which the
    format is set to ``images``: they become uint8 ``(n, h, w, c)``.
    """
    arrays = Npz(file, spec.path, spec.limits)
    x = _wanted(arrays, "x", spec)
    if x.ndim < 2 or x.dtype.kind not in "fiub" or 0 in x.shape[1:]:
        raise DataError(
            f"{spec.path}: x",
            expected="numbers of shape (n, ...)",
            got=f"{x.dtype} of shape {x.shape}",
            fix="store one row of numbers an example",
        )
    if len(x) == 0:
        raise DataError(f"{spec.path}: x", expected="at least one row", got="none", fix="check the export")
    y: Ints | None = None
    classes: tuple[str, ...] = ()
    if labelled:
        raw = _wanted(arrays, "y", spec)
        if raw.shape == (len(x), 1):
            raw = raw[:, 0]
        if raw.shape != (len(x),):
            one_hot = raw.ndim == 2 and len(raw) == len(x) and raw.dtype.kind in "fiub" and _is_one_hot(raw)
            raise DataError(
                f"{spec.path}: y",
                expected=f"one label a row, shape ({len(x)},)",
                got=f"shape {raw.shape}" + (", one column a class" if one_hot else ""),
                fix="store y.argmax(axis=1)" if one_hot else "match y to x",
            )
        y, classes = encode_labels(raw, f"{spec.path}: y")
    layout = _layout(x, spec, images)
    return Domain(
        name,
        _float32(x, spec) if layout is None else pixels_of(x, layout, images, f"{spec.path}: x"),
        y,
        classes,
        groups=None if spec.group is None else groups(_column(arrays, spec.group, spec, len(x)), f"{spec.path}: {spec.group}"),
        times=None if spec.time is None else times(_column(arrays, spec.time, spec, len(x)), f"{spec.path}: {spec.time}"),
        keys={key: keys(_column(arrays, key, spec, len(x))) for key in spec.keep},
        ids=None if spec.id is None else keys(_column(arrays, spec.id, spec, len(x))),
        records=array_records(_all(arrays)) if recorded else None,
        pictures=None
        if layout is None
        else PicturesSeen(count=len(x), grey=len(x) if layout == "none" or x.shape[-1] == 1 else 0, layout=layout),
    )


def _layout(x: npt.NDArray[Any], spec: SourceSpec, images: ImagesSpec) -> Layout | None:
    """Where the channels of ``x`` stand, if it is pictures."""
    if x.ndim == 4 and images.layout == "first" and spec.format != "images":
        return None  # as networks have it
    if x.ndim == 4 and images.layout is not None:
        return images.layout
    found = layout_of(x.shape[1:])
    if spec.format != "images":
        return found if found == "last" and x.dtype == np.uint8 else None
    if found is None:
        raise DataError(
            f"{spec.path}: x",
            expected="pictures of shape (n, h, w), (n, h, w, c) or (n, c, h, w) with 1, 3 or 4 channels",
            got=f"shape {x.shape}",
            fix="write `images: {layout: last}` below data, or `{layout: first}`" if x.ndim == 4 else "store them so",
        )
    return found


def _all(arrays: Npz) -> dict[str, npt.NDArray[Any]]:
    """Every array; labels in a column of their own as what they are, one a row."""
    read = {name: arrays.read(name) for name in arrays.names}
    return {name: one[:, 0] if name == "y" and one.shape[1:] == (1,) else one for name, one in read.items()}


def _is_one_hot(y: npt.NDArray[Any]) -> bool:
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def _wanted(arrays: Npz, key: str, spec: SourceSpec) -> npt.NDArray[Any]:
    if key not in arrays.names:
        held = ", ".join(arrays.names[:8]) + (", ..." if len(arrays.names) > 8 else "") or "nothing"
        raise DataError(spec.path, expected=f"an array {key!r}", got=f"the arrays {held}", fix=f"store it as {key!r}")
    return arrays.read(key)


def _column(arrays: Npz, key: str, spec: SourceSpec, count: int) -> pd.Series[Any]:
    import pandas as pd

    column = _wanted(arrays, key, spec)
    if column.shape != (count,):
        raise DataError(f"{spec.path}: {key}", expected=f"shape ({count},)", got=f"shape {column.shape}", fix="match it to x")
    if column.dtype.kind not in "fiubUSM":
        raise DataError(
            f"{spec.path}: {key}", expected="numbers, dates or text", got=str(column.dtype), fix="store it as one of them"
        )
    return pd.Series(np.char.decode(column, "utf-8", "replace") if column.dtype.kind == "S" else column)


def _refuse_long(x: npt.NDArray[Any], spec: SourceSpec) -> None:
    """Refuse whole numbers most of which float32 does not tell apart, such as ids and times."""
    if x.dtype.kind not in "iu" or x.dtype.itemsize < 4:
        return
    for place, column in enumerate(x.reshape(len(x), -1).T):
        if column.max(initial=0) >= _SKIPPED or column.min(initial=0) <= -_SKIPPED:
            different = np.unique(column)
            left = len(np.unique(different.astype(np.float32)))
            if left < _KEPT * len(different):
                raise DataError(
                    f"{spec.path}: x",
                    expected="whole numbers that float32 tells apart",
                    got=f"{len(different):,} different ones in column {place}, of which {left:,} are left",
                    fix="leave it out where it is an id, subtract what is common to all, or give a table",
                )


def _float32(x: npt.NDArray[Any], spec: SourceSpec) -> npt.NDArray[np.float32]:
    _refuse_long(x, spec)
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(x, dtype=np.float32)
    wrong = np.flatnonzero(~np.isfinite(x).reshape(len(x), -1).all(axis=1))
    if len(wrong):
        raise DataError(
            f"{spec.path}: x",
            expected="finite numbers within float32",
            got=f"NaN or infinity in {rows(wrong)}",
            fix="impute or remove these rows, or give a table, where missing values are imputed",
        )
    return x
