"""The metrics of the gate, each as a function of labels, scores and row weights.

Weights make one implementation serve the point estimate (all ones) and the bootstrap (how often a row was drawn).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Metric: TypeAlias = Literal["accuracy", "balanced_accuracy", "macro_f1", "roc_auc"]
Floats: TypeAlias = npt.NDArray[np.float64]


def score(metric: Metric, y: npt.NDArray[np.int64], scores: npt.NDArray[np.floating]) -> float:
    """The metric of ``scores`` ``(n, c)`` on the labels ``y`` ``(n,)``; NaN where it is not defined.

    A row counts for the class of its greatest score; of equal scores the lowest class wins. Balanced accuracy and
    macro-F1 average over the classes that occur in ``y``. ROC AUC is that of class 1 for two classes, otherwise the mean of
    one against the rest over the classes that occur; it is not defined when only one class occurs.

    >>> score("accuracy", np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]))
    0.5
    """
    return float(weighted(metric, y, np.asarray(scores, dtype=np.float64), np.ones((1, len(y))))[0])


def weighted(metric: Metric, y: npt.NDArray[np.int64], scores: Floats, weights: Floats) -> Floats:
    """The metric under each of ``B`` weightings of the rows: ``weights`` ``(B, n)`` gives ``(B,)``."""
    if not np.isfinite(scores).all() or not len(y):
        return np.full(len(weights), np.nan)
    if metric == "roc_auc":
        return _roc_auc(y, scores, weights)
    predicted = scores.argmax(axis=1)
    if metric == "accuracy":
        return np.asarray(weights @ (predicted == y) / weights.sum(axis=1))
    classes = range(scores.shape[1])
    hits = np.stack([weights @ ((predicted == y) & (y == k)) for k in classes], axis=1)
    actual = np.stack([weights @ (y == k) for k in classes], axis=1)
    if metric == "balanced_accuracy":
        return _mean_present(hits / np.maximum(actual, 1), actual)
    claimed = np.stack([weights @ (predicted == k) for k in classes], axis=1)
    return _mean_present(2 * hits / np.maximum(actual + claimed, 1), actual)


def _mean_present(values: Floats, actual: Floats) -> Floats:
    """Mean of ``values`` ``(B, c)`` over the classes that occur."""
    present = actual > 0
    return np.asarray((values * present).sum(axis=1) / present.sum(axis=1))


def _roc_auc(y: npt.NDArray[np.int64], scores: Floats, weights: Floats) -> Floats:
    if scores.shape[1] == 2:
        return _auc(y == 1, scores[:, 1], weights)
    with np.errstate(invalid="ignore"):
        aucs = np.stack([_auc(y == k, scores[:, k], weights) for k in range(scores.shape[1])], axis=1)
    defined = ~np.isnan(aucs)
    return np.where(defined.any(axis=1), np.nansum(aucs, axis=1) / np.maximum(defined.sum(axis=1), 1), np.nan)


def _auc(positive: npt.NDArray[np.bool_], scores: Floats, weights: Floats) -> Floats:
    """Weighted Mann-Whitney statistic: the share of pairs in the right order, ties counting half."""
    _, rank = np.unique(scores, return_inverse=True)
    levels = int(rank.max()) + 1
    of_positive, of_negative = (np.zeros((len(weights), levels)) for _ in range(2))
    order = np.argsort(rank, kind="stable")
    starts = np.searchsorted(rank[order], np.arange(levels))
    for mask, totals in ((positive, of_positive), (~positive, of_negative)):
        totals[:] = np.add.reduceat((weights * mask)[:, order], starts, axis=1)
    below = np.cumsum(of_negative, axis=1) - of_negative
    pairs = of_positive.sum(axis=1) * of_negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((of_positive * (below + of_negative / 2)).sum(axis=1) / pairs)
