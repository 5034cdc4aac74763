"""Cells of a table as numbers, as seconds and as text: the same ones for training, for the gate and for serving.

What MLflow serves has this file in it, where ntgate need not be installed: it imports numpy and pandas and nothing else, and
tokenizers where a model reads tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

# What a missing value is called where a client or onnxruntime made a text of it. pandas takes all but NaT for missing in a csv,
# so that a model that was judged on one has met none of them as text.
MISSING = (
    "#N/A",
    "#N/A N/A",
    "#NA",
    "-1.#IND",
    "-1.#QNAN",
    "-NaN",
    "-nan",
    "1.#IND",
    "1.#QNAN",
    "<NA>",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "None",
    "NaT",
    "n/a",
    "nan",
    "null",
)
DAYS_IN_DIGITS = (19_000_101, 21_001_231)  # the first and the last; as seconds they were in August 1970


def texts(column: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """A column as text ``(n,)`` without spaces around it; None, NaN and their like are ``""``.

    >>> texts(pd.Series([" a", None, float("nan"), "", 7], dtype=object)).tolist(), texts(pd.Series([7, None])).tolist()
    (['a', '', '', '', '7'], ['7', ''])
    """
    floats = pd.api.types.is_float_dtype(column.dtype)  # whole numbers become such beside a missing one
    missing = column.isna().to_numpy(dtype=bool)
    written = [
        "" if gone else str(int(value) if floats and float(value).is_integer() else value).strip()
        for value, gone in zip(column, missing, strict=True)
    ]
    return np.array(written, dtype=object)


def token_ids(
    tokenizer: str, written: Sequence[str] | npt.NDArray[np.object_], length: int, pad: int, *, special: bool = True
) -> npt.NDArray[np.float32]:
    """Token ids ``(n, length)`` of texts, cut to ``length`` and filled with ``pad``.

    Args:
        tokenizer: the content of a ``tokenizer.json``.
        written: the texts.
        length: ids of a text.
        pad: the id that fills short texts.
        special: whether the tokenizer puts its marks of beginning and end around a text.
    """
    ids = np.full((len(written), length), pad, dtype=np.float32)
    texts_read = _tokenizer(tokenizer, length).encode_batch(list(written), add_special_tokens=special)
    for row, found in zip(ids, texts_read, strict=True):
        row[: len(found.ids)] = found.ids
    return ids


@lru_cache(maxsize=4)
def _tokenizer(content: str, length: int) -> Any:
    from tokenizers import Tokenizer

    made = Tokenizer.from_str(content)
    made.no_padding()
    made.enable_truncation(length)
    return made


def numbers(column: pd.Series[Any], rules: Sequence[Sequence[str]] = (), *, exact: bool = False) -> npt.NDArray[np.floating]:
    r"""A column as float32 ``(n,)``, or float64 where ``exact``; None, empty texts and the like are NaN, truth values 0 and 1.

    Args:
        column: its cells.
        rules: expressions and their replacements, applied to cells that are text.
        exact: whether float32 would not tell its numbers apart.

    Raises:
        ValueError: when a text is no number.

    >>> numbers(pd.Series([1, None, "NA", " 2.5", True], dtype=object)).tolist()
    [1.0, nan, nan, 2.5, 1.0]
    >>> numbers(pd.Series(["1.234,5", "?"]), [(r"\.", ""), (",", "."), (r"^\?$", "")]).tolist()
    [1234.5, nan]
    """
    if not (pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype)):
        column = _plain(column, rules)
        try:
            column = pd.to_numeric(column)
        except (ValueError, TypeError) as error:
            raise ValueError(f"column {column.name!r}: expected numbers, got {error}") from error
    filled: dict[str, Any] = {} if isinstance(column.dtype, np.dtype) else {"na_value": np.nan}  # which would copy
    with np.errstate(over="ignore"):
        found: npt.NDArray[np.floating] = column.to_numpy(dtype=np.float64 if exact else np.float32, **filled)
    return found


def seconds(column: pd.Series[Any], rules: Sequence[Sequence[str]] = (), *, unit: float = 1.0) -> npt.NDArray[np.float64]:
    r"""A column of dates as steps since 1970 in UTC, float64 ``(n,)``; numbers are such already, but for those like 20240131.

    Args:
        column: dates, texts such as ``2024-01-31 12:00``, or numbers.
        rules: expressions and their replacements, applied to cells that are text.
        unit: seconds that one step takes.

    Raises:
        ValueError: when a text is no date.

    >>> seconds(pd.Series(["1970-01-02", None, "31.12.1969"]), [(r"^(\d+)\.(\d+)\.(\d+)$", r"\3-\2-\1")]).tolist()
    [86400.0, nan, -86400.0]
    >>> seconds(pd.Series([5, 19700102])).tolist()
    [5.0, 86400.0]
    """
    known = column[column.notna()]
    if column.dtype == object and len(known) and all(isinstance(cell, int | float | np.number) for cell in known):
        column = pd.to_numeric(column.where(column.notna(), np.nan))
    if pd.api.types.is_numeric_dtype(column.dtype):
        steps = np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))
        in_digits = (steps >= DAYS_IN_DIGITS[0]) & (steps <= DAYS_IN_DIGITS[1])
        if in_digits.any():
            steps[in_digits] = seconds(pd.Series([f"{step:.0f}" for step in steps[in_digits]], name=column.name), unit=unit)
        return steps
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        column = _plain(column, rules)
    parsed = dates(column)
    wrong = np.flatnonzero(parsed.isna().to_numpy() & column.notna().to_numpy())
    if len(wrong):
        raise ValueError(f"column {column.name!r}: expected dates such as 2024-01-31, got {column.iloc[wrong[0]]!r}")
    found = parsed.astype("datetime64[us, UTC]").astype("int64").to_numpy(dtype=np.float64) / (1e6 * unit)
    found[parsed.isna().to_numpy()] = np.nan
    return found


def dates(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column as dates in UTC, NaT where a cell is none."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return pd.to_datetime(column, utc=True)
    return pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")


def _plain(column: pd.Series[Any], rules: Sequence[Sequence[str]]) -> pd.Series[Any]:
    """Cells under the rules, each different text looked at once; what is empty then, or a word for nothing, is None."""
    compiled = [(re.compile(expression), replacement) for expression, replacement in rules]

    def ruled(cell: Any) -> Any:
        if isinstance(cell, str):
            cell = cell.strip()
            for expression, replacement in compiled:
                cell = expression.sub(replacement, cell)
        return None if isinstance(cell, str) and (not cell or cell in MISSING) else cell

    column = column.astype(object)
    known = {cell: ruled(cell) for cell in set(filter(_is_text, column))}
    return column.map(lambda cell: known[cell] if isinstance(cell, str) else cell).where(column.notna(), None)


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str)
