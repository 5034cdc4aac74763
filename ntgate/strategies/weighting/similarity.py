"""Similarity: a source row counts for more the nearer it lies to target rows. A heuristic, and no density ratio."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ntgate.strategies.weighting.bounded import Floats


def similarity(
    source: Floats, target: Floats, *, measure: Literal["euclidean", "cosine"] = "euclidean", neighbours: int = 5
) -> Floats:
    """Similarity ``(n,)`` in (0, 1] of each source row to its nearest target rows.

    It is ``exp(-d / s)`` with ``d`` the mean distance to the ``neighbours`` nearest target rows, and ``s`` the median of ``d``.

    Args:
        source: rows ``(n, d)``, standardised.
        target: rows ``(m, d)``, standardised likewise.
        measure: of distance; ``cosine`` is one minus the cosine, which is 0 for a row of zeros.
        neighbours: at most all target rows.

    >>> similarity(np.array([[0.0], [1.0], [9.0]]), np.array([[0.0]])).round(2)
    array([1.  , 0.37, 0.  ])
    """
    from scipy.spatial.distance import cdist

    k = min(neighbours, len(target))
    blocks = (np.nan_to_num(cdist(source[i : i + 2048], target, measure), nan=1.0) for i in range(0, len(source), 2048))
    distance = np.concatenate([np.partition(block, k - 1, axis=1)[:, :k].mean(axis=1) for block in blocks])
    return np.asarray(np.exp(-distance / (np.median(distance) or 1.0)))
