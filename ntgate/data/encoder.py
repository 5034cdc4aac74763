"""Encoders: raw rows to the float32 rows that a network takes.

An encoder's state is plain values: it crosses steps as JSON instead of as a pickle, and the same object drives the
encoding here and the preprocessing inside an exported ONNX graph. It does not scale: scaling belongs to the network's
normaliser, and so is exported with the weights.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ntgate.base import Frozen
from ntgate.data.cells import MISSING
from ntgate.data.column_form import Rules
from ntgate.data.date_parts import DateParts, date_parts
from ntgate.data.tfidf import TfIdf, fit_tfidf
from ntgate.data.tokens import TokenEncoder
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

    from ntgate.data.domain import Domain, Rows

MOST_CATEGORIES = 1000
Rows1: TypeAlias = npt.NDArray[np.float32]


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
    """A numeric column: a missing value becomes the median, and is marked in a column of its own where it occurred.

    Attributes:
        name: the column.
        median: of its numbers.
        marks_missing: whether a value was missing.
        rules: how its cells are read where they are text (see :class:`~ntgate.data.column_form.ColumnForm`).
        gone: numbers that mean a missing value.
        exact: whether its numbers enter as float64, and are the median's difference from it: float32 would not tell them apart.
    """

    name: str
    median: float
    marks_missing: bool
    rules: Rules = ()
    gone: tuple[float, ...] = ()
    exact: bool = False

    def encode(self, column: pd.Series[Any]) -> tuple[Rows1, npt.NDArray[np.bool_]]:
        """Its values ``(n,)`` and where they are missing."""
        if not self.exact:
            values = column.to_numpy(dtype=np.float32)
            missing = np.isnan(values)
            return np.where(missing, np.float32(self.median), values), missing
        finer = column.to_numpy(dtype=np.float64)
        missing = np.isnan(finer)
        return np.where(missing, 0.0, finer - self.median).astype(np.float32), missing


class Categorical(Frozen):
    """A text column: one column a category; an unknown text is none of them, and a missing one is the category ``""``.

    A word of :data:`~ntgate.data.cells.MISSING` that is no category means a missing text.
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
    """Columns by name; the order is all numeric columns, their marks, the categories column by column, then the dates' parts."""

    kind: Literal["table"] = "table"
    numeric: tuple[Numeric, ...]
    categorical: tuple[Categorical, ...]
    dates: tuple[DateParts, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an encoded row."""
        marks = sum(column.marks_missing for column in self.numeric)
        texts = sum(len(column.categories) for column in self.categorical)
        return (len(self.numeric) + marks + texts + sum(column.width for column in self.dates),)

    def encode(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Impute, mark and one-hot encode the columns of a DataFrame."""
        frame: pd.DataFrame = rows  # type: ignore[assignment]
        out = np.zeros((len(frame), *self.shape), dtype=np.float32)
        marked = at = len(self.numeric)
        at += sum(column.marks_missing for column in self.numeric)
        for i, number in enumerate(self.numeric):
            out[:, i], missing = number.encode(frame[number.name])
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
        for date in self.dates:
            out[:, at : at + date.width] = date.encode(frame[date.name].to_numpy(dtype=np.float64))
            at += date.width
        return out


class TextEncoder(Frozen):
    """A table with columns that are texts: the columns of ``table``, then the terms of the texts column by column."""

    table: TableEncoder
    texts: tuple[TfIdf, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an encoded row."""
        return (self.table.shape[0] + sum(text.width for text in self.texts),)

    def encode(self, rows: Rows) -> csr_array:
        """The columns of a DataFrame as a sparse matrix: nearly all terms are in few rows."""
        from scipy.sparse import csr_array, hstack

        frame: pd.DataFrame = rows  # type: ignore[assignment]
        parts = [csr_array(self.table.encode(frame)), *(text.encode(frame[text.name].tolist()) for text in self.texts)]
        return csr_array(hstack(parts, format="csr"))


Encoder: TypeAlias = Annotated[ArrayEncoder | ImageEncoder | TableEncoder | TokenEncoder, Field(discriminator="kind")]


def fit_encoder(*domains: Domain) -> Encoder:
    """The encoder of the given training rows; medians and categories are taken over all of them together.

    Columns that are texts are left out: :func:`fit_text_encoder` has them.

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
    numeric, categorical, dates, wide = [], [], [], {}
    for name in frame.columns.difference(list(domains[0].texts), sort=False):
        column, form = frame[name], domains[0].forms.get(name)
        if form is not None and form.kind == "date":
            dates.append(date_parts(str(name), column.to_numpy(dtype=np.float64), form.rules, form.unit))
            continue
        if column.dtype.kind == "f":
            median = float(column.median())
            exact = form is not None and form.exact
            median = 0.0 if math.isnan(median) else median if exact else float(np.float32(median))
            read = {} if form is None else {"rules": form.rules, "gone": form.gone, "exact": form.exact}
            numeric.append(Numeric(name=name, median=median, marks_missing=bool(column.isna().any()), **read))
            continue
        categories = sorted(set(column.tolist()))
        if len(categories) > MOST_CATEGORIES:
            wide[str(name)] = len(categories)
        categorical.append(Categorical(name=name, categories=tuple(categories)))
    if wide:
        names = ", ".join(wide)
        raise DataError(
            f"column{'s' if len(wide) > 1 else ''} {names}",
            expected=f"at most {MOST_CATEGORIES} different texts",
            got=" and ".join(f"{count:,}" for count in wide.values()),
            fix=f"group the values, or write `columns: {{{', '.join(f'{name}: ignore' for name in wide)}}}` below data",
        )
    return TableEncoder(numeric=tuple(numeric), categorical=tuple(categorical), dates=tuple(dates))


def fit_text_encoder(*domains: Domain) -> TextEncoder:
    """The encoder of the given training rows of a table with texts; terms are taken from all of them together."""
    frames = [domain.rows for domain in domains if not isinstance(domain.rows, np.ndarray)]
    texts = [fit_tfidf(name, [text for frame in frames for text in frame[name].tolist()]) for name in domains[0].texts]
    return TextEncoder(table=fit_encoder(*domains), texts=tuple(texts))
