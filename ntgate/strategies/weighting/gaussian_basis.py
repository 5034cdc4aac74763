"""Gaussian functions around target rows: the basis in which density ratios are estimated."""

from __future__ import annotations

import numpy as np

from ntgate.shift.kernel import bandwidth
from ntgate.strategies.weighting.bounded import Floats

CENTRES = 100
_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


def centres(target: Floats, rng: np.random.Generator) -> Floats:
    """At most 100 target rows ``(b, d)``."""
    return target[np.sort(rng.choice(len(target), min(CENTRES, len(target)), replace=False))]


def widths(source: Floats, target: Floats, rng: np.random.Generator) -> tuple[float, ...]:
    """Widths to choose from: the median distance of pooled rows, and multiples of it."""
    pooled = np.concatenate([source, target])
    median = bandwidth.scale(pooled[bandwidth.positions(len(pooled), rng)]).median or 1.0
    return tuple(factor * median for factor in _FACTORS)


def squared_distances(rows: Floats, around: Floats) -> Floats:
    """Squared Euclidean distances ``(n, b)``."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(rows, around, "sqeuclidean"))


def gaussian(squared: Floats, width: float) -> Floats:
    """``exp(-d^2 / (2 width^2))`` of squared distances."""
    return np.asarray(np.exp(-squared / (2 * width**2)))
