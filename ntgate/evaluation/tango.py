"""Tango's score test and interval for a difference of paired proportions.

Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-sample design",
Statistics in Medicine 17 (1998), equations 24 to 26.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Numbers = TypeVar("Numbers", float, npt.NDArray[np.float64])


def tango_statistic(gained: int, lost: int, n: int, difference: float) -> float:
    """The score statistic of the hypothesis that the true difference is ``difference``; standard normal under it.

    >>> round(tango_statistic(5, 2, 100, 0.0), 4)  # McNemar's (5 - 2) / sqrt(5 + 2)
    1.1339
    """
    distance, variance = _distance_and_variance(float(gained), float(lost), n, difference)
    if variance <= 1e-12 * n:
        return math.copysign(math.inf, distance) if abs(distance) > 1e-12 else 0.0
    return distance / math.sqrt(variance)


def tango_statistics(
    gained: npt.NDArray[np.int64], lost: npt.NDArray[np.int64], n: int, difference: float
) -> npt.NDArray[np.float64]:
    """:func:`tango_statistic` of many tables of ``n`` rows each: counts ``(k,)`` give ``(k,)``."""
    distance, variance = _distance_and_variance(gained.astype(np.float64), lost.astype(np.float64), n, difference)
    varies = variance > 1e-12 * n
    certain = np.where(np.abs(distance) > 1e-12, np.copysign(np.inf, distance), 0.0)
    return np.where(varies, distance / np.sqrt(np.where(varies, variance, 1.0)), certain)


def _distance_and_variance(gained: Numbers, lost: Numbers, n: int, difference: float) -> tuple[Numbers, Numbers]:
    """How far the counts are from the hypothesis, and the variance of that under it."""
    # The restricted maximum-likelihood estimate of the share of lost rows is the root of a quadratic.
    b = -gained - lost + (2 * n - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    share = (abs(b * b - 8 * n * c) ** 0.5 - b) / (4 * n)  # below zero by rounding alone
    return gained - lost - n * difference, n * (2 * share + difference * (1 - difference))


def tango_p_value(gained: int, lost: int, n: int, margin: float) -> float:
    """One-sided p-value against the hypothesis that the difference is at most ``margin``."""
    return 0.5 * math.erfc(tango_statistic(gained, lost, n, margin) / math.sqrt(2))


def tango_interval(gained: int, lost: int, n: int, alpha: float) -> tuple[float, float]:
    """Two-sided interval of level ``1 - 2 alpha``: the differences that neither one-sided test of level ``alpha`` refuses.

    >>> [round(bound, 4) for bound in tango_interval(12, 2, 30, 0.025)]
    [0.0998, 0.5346]
    """
    from scipy.special import ndtri  # scipy.stats takes a second to import

    z = -float(ndtri(alpha))
    lower = _bisect(lambda d: tango_statistic(gained, lost, n, d) <= z)
    upper = _bisect(lambda d: tango_statistic(gained, lost, n, d) <= -z)
    return lower, upper


def _bisect(above: Callable[[float], bool]) -> float:
    """The point in [-1, 1] where a monotone condition turns true, to 1e-10."""
    low, high = -1.0, 1.0
    while high - low > 1e-10:
        middle = (low + high) / 2
        low, high = (low, middle) if above(middle) else (middle, high)
    return (low + high) / 2
