"""Kernel bandwidths from the pooled rows, in a way that permuting the samples cannot change."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SAMPLE = 200
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


def positions(total: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Which of ``total`` pooled rows are looked at for their scale: 200 at most, ascending.

    Every row is as likely as any other whichever sample it belongs to, so that knowing the choice tells nothing about the
    labels, and the permutation test stays exact. A fixed number from each sample would tell.
    """
    return np.sort(rng.choice(total, min(total, SAMPLE), replace=False))


def median_distance(rows: npt.NDArray[np.floating]) -> float:
    """The median distance between different rows ``(k, d)``; 0 when all are the same.

    Where more than half of the pairs coincide, as in tables of few categories, only pairs that differ are counted.
    """
    from scipy.spatial.distance import pdist

    distances = pdist(rows).astype(np.float32)
    middle = len(distances) // 2
    median = float(np.partition(distances, middle)[middle])
    if median > 0 or not distances.any():
        return median
    return float(np.median(distances[distances > 0]))


def around(median: float) -> tuple[float, ...]:
    """Five bandwidths, from a quarter of the median distance to four times as much.

    A single bandwidth is blind to changes at other scales (Schrab et al., "MMD Aggregated Two-Sample Test", JMLR 24 (2023)).
    Each is twice the one before: a Gaussian kernel of half the width is the fourth power of the wider one.
    """
    return tuple(factor * median for factor in FACTORS)
