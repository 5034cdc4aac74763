"""What people know of a row: the columns of a table, the numbers of a vector, the patches of an image.

A shift is measured on an embedding where there is one; what moved is told in terms that somebody can look up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain
from ntgate.shift.columns.feature_tests import per_feature
from ntgate.shift.judgement import Tested

GRID = 4  # patches of an image along each side


@dataclass(frozen=True, eq=False)
class Features:
    """Two domains in named numbers.

    Attributes:
        source: ``(n, d)``.
        target: ``(m, d)``.
        names: one a number.
        columns: the column of the table that each number comes from; the name itself where there is no table.
        labels: the feature that each number belongs to: the column for the categories of a text, else the name.
        marks: pairs of positions, of a number and of the one that marks where it is not known.
        notes: what about the columns stood in the way of a comparison, a sentence each.
    """

    source: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]
    names: tuple[str, ...]
    columns: tuple[str, ...]
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()
    marks: tuple[tuple[int, int], ...] = ()

    def tested(self, *, seed: int = 0) -> Tested:
        """The test of each feature on its own, of those values that are known."""
        return per_feature(self.source, self.target, self.labels, seed=seed, marks=self.marks)


def named_features(source: Domain, target: Domain) -> Features:
    """The numbers that make up the rows of both domains, by name.

    Of a table see :func:`ntgate.shift.columns.table_form.compared`. Images are reduced to the mean brightness of 4 by 4
    patches: a single pixel tells nobody anything.

    >>> zeros = Domain("source", np.zeros((2, 3), np.float32), None)
    >>> named_features(zeros, zeros).names
    ('x0', 'x1', 'x2')
    """
    if isinstance(source.rows, np.ndarray) and isinstance(target.rows, np.ndarray):
        first, second = plain_rows(source.rows), plain_rows(target.rows)
        if source.rows.ndim < 3:
            names = tuple(f"x{i}" for i in range(first.shape[1]))
        else:
            down, across = (min(GRID, size) for size in _sides(source.rows))
            names = tuple(f"patch {i + 1},{j + 1}" for i, j in product(range(down), range(across)))
        return Features(first, second, names, names, names)
    from ntgate.shift.columns.table_form import compared

    assert not isinstance(source.rows, np.ndarray)
    assert not isinstance(target.rows, np.ndarray)
    dates = {name: form.unit for name, form in source.forms.items() if form.kind == "date"}
    found = compared(source.rows, target.rows, source.texts if source.forms else None, dates)
    read = [
        f"Column {name!r} is read as a {form.kind}: {form.written}."
        for name, form in source.forms.items()
        if form.written and name in source.rows.columns
    ]
    return replace(found, notes=(*read, *found.notes))


def plain_rows(rows: npt.NDArray[np.float32] | npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Rows ``(n, d)``; images become the mean brightness of a grid of patches."""
    if rows.ndim < 3:
        return rows.reshape(len(rows), -1).astype(np.float32)
    grey = rows.astype(np.float32)
    if rows.ndim == 4:
        grey = grey.mean(axis=3 if rows.dtype == np.uint8 else 1)
    bands = [np.array_split(np.arange(size), min(GRID, size)) for size in grey.shape[1:]]
    return np.stack([grey[:, band][:, :, column].mean(axis=(1, 2)) for band, column in product(*bands)], axis=1)


def _sides(rows: npt.NDArray[np.float32] | npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Height and width of images ``(n, h, w)``, uint8 ``(n, h, w, c)`` or float32 ``(n, c, h, w)``."""
    sides = rows.shape[1:] if rows.ndim == 3 else rows.shape[1:3] if rows.dtype == np.uint8 else rows.shape[2:]
    return sides[0], sides[1]
