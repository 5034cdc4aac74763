"""Cells of a csv file, all of them text, in the types that they are written in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.cells import MISSING

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# What means no value in a csv file, as pandas has it.
NOTHING = ("", " ", *(word for word in MISSING if word != "NaT"))
_FIRST = 100  # cells that are looked at before all others
_LONG = 19  # digits of which float64 and int64 may lose some
_PLUS, _MINUS, _NOUGHT = (np.uint8(ord(sign)) for sign in "+-0")
_TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}


def natural(column: pa.ChunkedArray, nothing: tuple[str, ...] = NOTHING) -> npt.NDArray[Any] | pd.Series[Any]:
    """Whole numbers, numbers or truth values where all cells are such, else text; what has no value is NaN or None.

    A number that begins with a nought is a code, and a whole number of more than 18 digits is one too: both stay text.

    >>> import pyarrow as pa
    >>> [natural(pa.chunked_array([cells])).tolist() for cells in (["1", " 2"], ["1.5", "NA"], ["01", "2"], ["true", "False"])]
    [[1, 2], [1.5, nan], ['01', '2'], [True, False]]
    """
    import pyarrow.compute as pc

    found = numbers_in(column, nothing)
    if found is not None:
        return found
    known = _known(column, nothing)
    different = pc.unique(known).drop_null()
    if 0 < len(different) <= len(_TRUTH) and set(different.to_pylist()) <= set(_TRUTH):
        values = pc.is_in(known, value_set=_values(tuple(text for text, truth in _TRUTH.items() if truth)))
        if not known.null_count:
            return _plain(values)
        return np.asarray(pc.if_else(pc.is_null(known), None, values).to_pylist(), dtype=object)
    text: pd.Series[Any] = known.to_pandas()
    return text


def numbers_in(cells: pa.Array | pa.ChunkedArray, nothing: tuple[str, ...] = NOTHING) -> npt.NDArray[Any] | None:
    """Cells as whole numbers or numbers, where all of them are such or have no value, else None."""
    import pyarrow.compute as pc

    found = _numbers(cells)
    if found is not None:
        return found
    known = _known(cells, nothing)
    if known is not cells:
        found = _numbers(known)
    return _numbers(pc.utf8_trim_whitespace(known)) if found is None else found


def _known(cells: pa.Array | pa.ChunkedArray, nothing: tuple[str, ...]) -> pa.Array | pa.ChunkedArray:
    """The cells with none where they mean no value."""
    import pyarrow as pa
    import pyarrow.compute as pc

    gone = pc.is_in(cells, value_set=_values(nothing))
    return pc.if_else(gone, pa.scalar(None, pa.string()), cells) if pc.any(gone).as_py() else cells


def _numbers(cells: pa.Array | pa.ChunkedArray) -> npt.NDArray[Any] | None:
    """Cells as whole numbers or numbers, or None where one of them is neither, or a code."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        found = cells.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    if _codes(cells):
        return None
    values = np.asarray(_plain(found))
    # A look at the values is quicker than one at the texts, and that than a cast that fails.
    if not found.null_count and _whole(values) and pc.all(pc.match_substring_regex(cells, r"^-?[0-9]+$")).as_py():
        return np.asarray(_plain(cells.cast(pa.int64())))
    return values


def _plain(found: pa.Array | pa.ChunkedArray) -> npt.NDArray[Any]:
    import pyarrow as pa

    return np.asarray(found.to_numpy() if isinstance(found, pa.ChunkedArray) else found.to_numpy(zero_copy_only=False))


def _whole(values: npt.NDArray[np.float64]) -> bool:
    first = values[:_FIRST]
    return bool((first == np.floor(first)).all() and (values == np.floor(values)).all())


def _codes(cells: pa.Array | pa.ChunkedArray) -> bool:
    """Whether a cell among numbers begins with a nought, or has more than 18 digits before its point."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for chunk in cells.chunks if isinstance(cells, pa.ChunkedArray) else [cells]:
        candidates = chunk.filter(pa.array(_begin_as_codes(chunk)))
        if len(candidates) and pc.any(pc.match_substring_regex(candidates, r"^[+-]?(0[0-9]|[0-9]{19,})")).as_py():
            return True
    return False


def _begin_as_codes(cells: pa.Array) -> npt.NDArray[np.bool_]:
    """Which cells ``(n,)`` begin with a nought, behind a sign or not, and a digit, or are long: a look at bytes, not at texts.

    >>> import pyarrow as pa
    >>> _begin_as_codes(pa.array(["07", "0.7", "-07", "7", "", None, "+0", "1" * 19])).tolist()
    [True, False, True, False, False, False, False, True]
    """
    if not len(cells):
        return np.zeros(0, dtype=bool)
    _, offsets, data = cells.buffers()
    ends = np.frombuffer(offsets, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    lengths = np.diff(ends)
    signs = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    last = len(signs) - 1
    first = signs[np.minimum(ends[:-1], last)]
    behind = (first == _PLUS) | (first == _MINUS)
    where = ends[:-1] + behind
    second = signs[np.minimum(where, last)] if behind.any() else first
    noughts = np.flatnonzero((second == _NOUGHT) & (lengths > 1 + behind))
    found: npt.NDArray[np.bool_] = lengths >= _LONG
    third = signs[where[noughts] + 1] - _NOUGHT
    found[noughts] |= third <= 9
    return found


@lru_cache
def _values(words: tuple[str, ...]) -> pa.StringArray:
    import pyarrow as pa

    return pa.array(words, pa.string())
