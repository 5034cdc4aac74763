"""TrAdaBoost: source rows that the learner of the target keeps getting wrong lose their weight.

Dai et al., "Boosting for Transfer Learning", ICML 2007, algorithm 1.
"""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from ntgate.strategies.weighting.bounded import Floats

Ints = npt.NDArray[np.int64]


def tradaboost(source: Floats, source_labels: Ints, target: Floats, target_labels: Ints, *, rounds: int = 20) -> Floats:
    """Weights of the source rows ``(n,)``, of mean 1: the mean over the last half of the rounds.

    The paper's final hypothesis is a vote of thresholded learners, which no single network computes. It votes with the learners of
    the last half of the rounds; what is handed on here are the weights that they were trained with, so that one network learns
    from what the ensemble has found out about the rows. A row counts as wrong when its class is not the predicted one, for any
    number of classes. In a round where the weighted error on the target is one half or more, boosting prescribes no step, and
    the target weights stay as they are.

    Args:
        source: rows ``(n, d)``, standardised.
        source_labels: ``(n,)``.
        target: rows ``(m, d)``, standardised likewise.
        target_labels: ``(m,)``, in the same classes.
        rounds: ``N``.
    """
    n, m = len(source), len(target)
    rows, labels = np.concatenate([source, target]), np.concatenate([source_labels, target_labels])
    weights = np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)])
    fall = 1 / (1 + (2 * np.log(n) / rounds) ** 0.5)
    kept = np.zeros(n)
    for number in range(1, rounds + 1):
        weights /= weights.sum()
        if number >= -(-rounds // 2):
            kept += weights[:n] / weights[:n].mean()
        wrong = _predicted(rows, labels, weights * len(rows)) != labels
        error = float(weights[n:] @ wrong[n:] / weights[n:].sum())
        weights[:n] *= np.where(wrong[:n], fall, 1.0)
        if 0 < error < 0.5:
            weights[n:] *= np.where(wrong[n:], (1 - error) / error, 1.0)
    return np.asarray(kept / kept.mean())


def _predicted(rows: Floats, labels: Ints, weights: Floats) -> Ints:
    """The labels that weighted logistic regression gives the rows it was trained on."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) == 1:
        return labels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a weak learner need not be the best of its kind
        model = LogisticRegression(C=1.0, max_iter=200).fit(rows, labels, sample_weight=weights)
    return np.asarray(model.predict(rows), dtype=np.int64)
