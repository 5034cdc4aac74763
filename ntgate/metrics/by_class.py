"""Sums over the rows of each class, that balanced accuracy and macro-F1 share."""

from __future__ import annotations

import numpy as np

from ntgate.evaluation.types import Floats, Ints


def hits_of_classes(y: Ints, scores: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Of each weighting and class, the weight of the rows that are right, that have it and that are claimed for it: ``(B, c)``."""
    predicted, classes = scores.argmax(axis=1), range(scores.shape[1])
    hits = np.stack([weights @ ((predicted == y) & (y == k)) for k in classes], axis=1)
    actual = np.stack([weights @ (y == k) for k in classes], axis=1)
    claimed = np.stack([weights @ (predicted == k) for k in classes], axis=1)
    return hits, actual, claimed


def mean_present(values: Floats, actual: Floats) -> Floats:
    """Mean of ``values`` ``(B, c)`` over the classes that occur."""
    present = actual > 0
    return np.asarray((values * present).sum(axis=1) / present.sum(axis=1))
