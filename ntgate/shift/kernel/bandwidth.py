"""Kernel bandwidths from the pooled rows, in a way that permuting the samples cannot change."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SAMPLE = 200
MOST_OCTAVES = 6  # that a bandwidth may lie below the median distance


def positions(total: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Which of ``total`` pooled rows are looked at for their scale: 200 at most, ascending.

    Every row is as likely as any other whichever sample it belongs to, so that knowing the choice tells nothing about the
    labels, and the permutation test stays exact. A fixed number from each sample would tell.
    """
    return np.sort(rng.choice(total, min(total, SAMPLE), replace=False))


class Scale(NamedTuple):
    """Distances between different rows: the ``median``, and the ``near`` one that only a hundredth of them falls below."""

    median: float
    near: float


def scale(rows: npt.NDArray[np.floating]) -> Scale:
    """The scale of rows ``(k, d)``; both distances are 0 when all rows are the same.

    Where more than half of the pairs coincide, as in tables of few categories, only pairs that differ are counted.
    """
    from scipy.spatial.distance import pdist

    distances = pdist(rows).astype(np.float32)
    found = _of(distances)
    if found.median == 0 and distances.any():
        found = _of(distances[distances > 0])
    return found


def _of(distances: npt.NDArray[np.float32]) -> Scale:
    middle, hundredth = len(distances) // 2, len(distances) // 100
    ordered = np.partition(distances, (hundredth, middle))
    return Scale(float(ordered[middle]), float(ordered[hundredth]))


def around(found: Scale) -> tuple[tuple[float, ...], int]:
    """Up to five bandwidths, ascending, and the position of the median distance among them.

    A single bandwidth is blind to changes at other scales (Schrab et al., "MMD Aggregated Two-Sample Test", JMLR 24 (2023)). They
    reach from four times the median distance down to a quarter of it, by factors of two: a Gaussian kernel of half the width is
    the fourth power of the wider one. Where rows cluster, near ones are much nearer than that, and the factors are four.

    >>> around(Scale(8.0, 5.0))
    ((2.0, 4.0, 8.0, 16.0, 32.0), 2)
    >>> around(Scale(8.0, 0.3))
    ((0.125, 0.5, 2.0, 8.0, 32.0), 3)
    """
    octaves = math.log2(found.median / found.near) if found.near > 0 else MOST_OCTAVES
    lowest = min(max(2, math.ceil(octaves)), MOST_OCTAVES)
    step = 1 if lowest == 2 else 2
    exponents = range(2, -lowest - step, -step)
    return tuple(found.median * 2.0**exponent for exponent in reversed(exponents)), len(exponents) - 1 - 2 // step
