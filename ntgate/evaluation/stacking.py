"""How much each of several classifiers counts in their mean, learnt from scores of rows that none of them had seen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_LEAST, _ROUNDS, _ENOUGH = 1e-6, 500, 1e-6


def stacked_weights(chances: Floats) -> Floats:
    """The convex weights ``(k,)`` under which the mean of ``k`` classifiers has the least log-loss.

    The super learner (van der Laan, Polley & Hubbard, Statistical Applications in Genetics and Molecular Biology 6, 2007) with the
    log-loss, whose optimum is the maximum-likelihood share of each part of a mixture, found by expectation maximisation
    (Dempster, Laird & Rubin, JRSS B 39, 1977).

    Args:
        chances: ``(k, n)``, what each classifier gave the true class of each row.

    >>> stacked_weights(np.array([[0.9, 0.8, 0.9], [0.1, 0.2, 0.2]])).round(2).tolist()
    [1.0, 0.0]
    """
    chances = np.maximum(chances, _LEAST)
    weights = np.full(len(chances), 1 / len(chances))
    for _ in range(_ROUNDS):
        better = weights * (chances / (weights @ chances)).mean(axis=1)
        done = np.abs(better - weights).max() < _ENOUGH
        weights = better
        if done:
            break
    normal: Floats = weights / weights.sum()
    return normal


def shrunk_weights(chances: Floats, prior: Floats, shrinkage: float) -> Floats:
    """The stacked weights, drawn towards ``prior`` ``(k,)`` as if that were learnt from ``shrinkage`` rows.

    On few rows learnt weights are mostly luck, and equal ones are hard to beat (``benchmarks/results/real_pairs.md``).

    >>> shrunk_weights(np.array([[0.9], [0.1]]), np.array([0.5, 0.5]), shrinkage=9).round(2).tolist()
    [0.55, 0.45]
    """
    rows = chances.shape[1]
    share = rows / (rows + shrinkage) if rows else 0.0
    drawn: Floats = share * stacked_weights(chances) + (1 - share) * prior if share else prior
    return drawn


def worse(first: Floats, second: Floats, deviations: float) -> bool:
    """Whether losses ``first`` ``(n,)`` are shown to be greater than ``second`` on the same rows.

    >>> worse(np.array([1.0, 1.1, 1.2]), np.array([0.1, 0.2, 0.2]), 2.0), worse(np.array([1.0]), np.array([0.0]), 2.0)
    (True, False)
    """
    difference = first - second
    if len(difference) < 2:
        return False
    error = float(difference.std(ddof=1)) / len(difference) ** 0.5
    return float(difference.mean()) > deviations * error and float(difference.mean()) > 0
