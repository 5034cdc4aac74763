"""Encoders: raw rows to the float32 rows that a network takes.

An encoder's state is plain values: it crosses steps as JSON instead of as a pickle, and the same object drives the
encoding here and the preprocessing inside an exported ONNX graph. It does not scale: scaling belongs to the network's
normaliser, and so is exported with the weights.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ntgate.base import Frozen
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from ntgate.data.domain import Domain, Rows

MOST_CATEGORIES = 1000

# What a missing value is called where a client or onnxruntime made a text of it. pandas takes all but NaT for missing in a csv,
# so that a model that was judged on one has met none of them as text.
MISSING = (
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN",
    "None", "NaT", "n/a", "nan", "null",
)  # fmt: skip


class ArrayEncoder(Frozen):
    """Rows of numbers, taken as they are."""

    kind: Literal["array"] = "array"
    shape: tuple[int, ...]

    def encode(self, rows: Rows) -> npt.NDArray[np.float32]:
        """``(n, *shape)`` unchanged."""
        return np.ascontiguousarray(rows, dtype=np.float32)


class ImageEncoder(Frozen):
    """Pixels, from uint8 ``(n, h, w, c)`` to float32 ``(n, c, h, w)`` in [0, 1]."""

    kind: Literal["images"] = "images"
    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an encoded row."""
        return self.channels, self.height, self.width

    def encode(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Channels first, in [0, 1]."""
        return np.ascontiguousarray(np.moveaxis(np.asarray(rows), 3, 1), dtype=np.float32) / np.float32(255)


class Numeric(Frozen):
    """A numeric column: a missing value becomes the median, and is marked in a column of its own where it occurred."""

    name: str
    median: float
    marks_missing: bool


class Categorical(Frozen):
    """A text column: one column a category; an unknown text is none of them, and a missing one is the category ``""``.

    A word of :data:`MISSING` that is no category means a missing text.
    """

    name: str
    categories: tuple[str, ...]

    @property
    def codes(self) -> dict[str, int]:
        """The place of the category of each text that has one.

        >>> Categorical(name="ward", categories=("", "NA", "b")).codes["None"]
        0
        """
        codes = {category: i for i, category in enumerate(self.categories)}
        return {**dict.fromkeys(MISSING, codes[""]), **codes} if "" in codes else codes


class TableEncoder(Frozen):
    """Columns by name; the order is all numeric columns, their marks, then the categories column by column."""

    kind: Literal["table"] = "table"
    numeric: tuple[Numeric, ...]
    categorical: tuple[Categorical, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an encoded row."""
        marks = sum(column.marks_missing for column in self.numeric)
        return (len(self.numeric) + marks + sum(len(column.categories) for column in self.categorical),)

    def encode(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Impute, mark and one-hot encode the columns of a DataFrame."""
        frame: pd.DataFrame = rows  # type: ignore[assignment]
        out = np.zeros((len(frame), *self.shape), dtype=np.float32)
        marked = at = len(self.numeric)
        at += sum(column.marks_missing for column in self.numeric)
        for i, number in enumerate(self.numeric):
            values = frame[number.name].to_numpy(dtype=np.float32)
            missing = np.isnan(values)
            out[:, i] = np.where(missing, np.float32(number.median), values)
            if number.marks_missing:
                out[:, marked] = missing
                marked += 1
        for text in self.categorical:
            column, code = frame[text.name], text.codes
            cells = column.astype(object).where(column.notna(), "")
            codes = np.array([code.get(cell, -1) for cell in cells], dtype=np.int64)
            known = np.flatnonzero(codes >= 0)
            out[known, at + codes[known]] = 1
            at += len(text.categories)
        return out


Encoder: TypeAlias = Annotated[ArrayEncoder | ImageEncoder | TableEncoder, Field(discriminator="kind")]


def fit_encoder(*domains: Domain) -> Encoder:
    """The encoder of the given training rows; medians and categories are taken over all of them together.

    Raises:
        DataError: when a text column has more than 1,000 different values.

    >>> from ntgate.data.domain import Domain
    >>> fit_encoder(Domain("source", np.zeros((4, 8, 8), np.float32), None)).shape
    (8, 8)
    """
    rows = domains[0].rows
    if isinstance(rows, np.ndarray):
        if domains[0].kind == "images":
            return ImageEncoder(height=rows.shape[1], width=rows.shape[2], channels=rows.shape[3])
        return ArrayEncoder(shape=rows.shape[1:])
    import pandas as pd

    frame = pd.concat([domain.rows for domain in domains if not isinstance(domain.rows, np.ndarray)], ignore_index=True)
    numeric, categorical, wide = [], [], {}
    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind == "f":
            median = float(column.median())
            median = 0.0 if math.isnan(median) else float(np.float32(median))
            numeric.append(Numeric(name=name, median=median, marks_missing=bool(column.isna().any())))
            continue
        categories = sorted(set(column.tolist()))
        if len(categories) > MOST_CATEGORIES:
            wide[str(name)] = len(categories)
        categorical.append(Categorical(name=name, categories=tuple(categories)))
    if wide:
        names = ", ".join(wide)
        raise DataError(
            f"column{'s' if len(wide) > 1 else ''} {names}", expected=f"at most {MOST_CATEGORIES} different texts",
            got=" and ".join(f"{count:,}" for count in wide.values()),
            fix=f"add {names} to drop if rows are identified by it, or group the values",
        )  # fmt: skip
    return TableEncoder(numeric=tuple(numeric), categorical=tuple(categorical))
