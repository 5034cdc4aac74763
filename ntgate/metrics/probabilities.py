"""Class scores as probabilities, for the metrics that measure them."""

from __future__ import annotations

import numpy as np

from ntgate.evaluation.types import Floats

_ROUNDING = 1e-3  # of a row's sum, in float32 and after quantisation


def probabilities(scores: Floats) -> Floats:
    """The scores ``(n, c)`` with rows that sum to one; NaN in rows that are no probabilities, such as logits.

    >>> probabilities(np.array([[0.2, 0.8], [-1.0, 2.0]]))
    array([[0.2, 0.8],
           [nan, nan]])
    """
    total = scores.sum(axis=1)
    fine = (scores >= -_ROUNDING).all(axis=1) & (np.abs(total - 1) <= _ROUNDING)
    clipped = np.maximum(scores, 0.0)
    return np.where(fine[:, None], clipped / np.maximum(clipped.sum(axis=1), 1e-12)[:, None], np.nan)
