"""Two domains in two dimensions, for people: the two directions along which the rows vary most.

Principal components (Pearson, "On lines and planes of closest fit", Philosophical Magazine 2 (1901)) of both domains together,
each domain counting one half however many rows it has: otherwise a large source would choose the directions alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import DataError

Floats = npt.NDArray[np.float64]
Points = tuple[tuple[float, float], ...]

MOST = 1000
_FEWEST = 50
_VALUES = 2**25  # of a domain that are held in float64: 256 MiB


class Projection(Frozen):
    """Rows of two domains as points.

    Attributes:
        source: points of the first sample.
        target: points of the second sample.
        source_rows: which row of the first sample each point is, ascending.
        target_rows: which row of the second sample each point is, ascending.
        explained: share of the variance that each of the two directions holds.
    """

    source: Points
    target: Points
    source_rows: tuple[int, ...]
    target_rows: tuple[int, ...]
    explained: tuple[float, float]


def project(x: Any, y: Any, *, most: int = MOST, keep: tuple[Sequence[int], Sequence[int]] = ((), ()), seed: int = 0) -> Projection:
    """Project two samples onto the two leading principal components of both, each sample weighing the same.

    The origin lies halfway between the two means, and the mean of ``y`` lies right of it and above. Features are taken in the
    units they come in: divide them by their scale first, as the tests do.

    Args:
        x: the first sample ``(n, d)``, in any form that :func:`ntgate.shift.mmd_test` takes.
        y: the second sample ``(m, d)``.
        most: points of a sample; of more rows a seeded choice is made, and of very wide rows fewer are taken.
        keep: rows of ``x`` and of ``y`` that are among the points in any case.
        seed: of the choice of rows.

    Raises:
        DataError: naming the argument, when it holds no finite rows of equal width, or a row is kept that is not there.

    >>> found = project(np.array([[0, 0], [0, 2]]), np.array([[6, 0], [6, 2]]))
    >>> [round(first) for first, _ in found.source], [round(first) for first, _ in found.target]
    ([-3, -3], [3, 3])
    >>> [round(share, 2) for share in found.explained]
    [0.9, 0.1]
    """
    from ntgate.shift.kernel.rows import open_rows

    if most < 2:
        raise DataError("most", expected="at least 2 points of a sample", got=str(most), fix="use some hundreds")
    first, second = open_rows(x, "x"), open_rows(y, "y")
    if first.shape[1] != second.shape[1]:
        raise DataError(
            "y", expected=f"rows of width {first.shape[1]} as in x", got=f"width {second.shape[1]}", fix="use the same features"
        )
    most = min(most, max(_FEWEST, _VALUES // first.shape[1]))
    rng = np.random.default_rng(seed)
    of_first, of_second = (_chosen(len(rows), most, kept, rows.name, rng) for rows, kept in zip((first, second), keep, strict=True))
    coordinates, explained = _leading(first.pick(of_first).astype(np.float64), second.pick(of_second).astype(np.float64))
    return Projection(
        source=_points(coordinates[: len(of_first)]),
        target=_points(coordinates[len(of_first) :]),
        source_rows=tuple(of_first.tolist()),
        target_rows=tuple(of_second.tolist()),
        explained=explained,
    )


def _chosen(total: int, most: int, kept: Sequence[int], name: str, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Ascending positions of at most ``most`` of ``total`` rows, those to be kept among them."""
    wrong = [row for row in kept if not 0 <= row < total]
    if wrong:
        raise DataError("keep", expected=f"rows of {name}, from 0 to {total - 1}", got=str(wrong[0]), fix="count anew")
    order = rng.permutation(total)
    wanted = np.concatenate([np.asarray(kept, np.int64), order[~np.isin(order, kept)]])[: max(most, len(kept))]
    return np.unique(wanted)


def _leading(first: Floats, second: Floats) -> tuple[Floats, tuple[float, float]]:
    """Coordinates ``(n + m, 2)`` of both samples, and the share of the variance along each of the two directions."""
    from scipy.linalg import eigh

    pooled = np.concatenate([first, second])
    pooled -= (first.mean(axis=0) + second.mean(axis=0)) / 2
    weights = np.sqrt(0.5 / np.repeat([len(first), len(second)], [len(first), len(second)]))[:, None]
    weighted = pooled * weights  # its singular values and right vectors are those of the equally mixed covariance
    wide = weighted.shape[1] > weighted.shape[0]
    square = weighted @ weighted.T if wide else weighted.T @ weighted
    total = float(np.trace(square))
    wanted = min(2, len(square))
    values, vectors = eigh(square, subset_by_index=[len(square) - wanted, len(square) - 1])
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    coordinates = np.zeros((len(pooled), 2))
    coordinates[:, :wanted] = vectors * np.sqrt(values) / weights if wide else pooled @ vectors
    coordinates *= np.where(coordinates[len(first) :].mean(axis=0) < 0, -1, 1)
    shares = [float(value) / total if total > 0 else 0.0 for value in values] + [0.0]
    return coordinates, (shares[0], shares[1])


def _points(coordinates: Floats) -> Points:
    return tuple((float(first), float(second)) for first, second in coordinates)
