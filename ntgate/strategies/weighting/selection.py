"""Selection: the source rows of greatest weight, all counting alike; the others are left out."""

from __future__ import annotations

import math

import numpy as np

from ntgate.strategies.weighting.bounded import Floats


def top_share(weights: Floats, share: float) -> Floats:
    """Weights of mean 1 that are equal for the ``share`` of rows with the greatest ``weights`` ``(n,)``, and 0 elsewhere.

    >>> top_share(np.array([0.1, 0.9, 0.5, 0.2]), share=0.5)
    array([0., 2., 2., 0.])
    """
    kept = max(1, math.ceil(share * len(weights)))
    chosen = np.argsort(-weights, kind="stable")[:kept]
    selected = np.zeros(len(weights))
    selected[chosen] = len(weights) / kept
    return selected
