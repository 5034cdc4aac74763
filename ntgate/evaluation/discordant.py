"""Discordant rows, on which exactly one of two models is right: how many there are, and how many of them are gained.

Both numbers are binomial, which makes paired tests of accuracy exact. Only scipy.special is needed: scipy.stats takes two
seconds to import.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def discordant_rows(n: int, discordance: float) -> tuple[Counts, Floats]:
    """The numbers of discordant rows that occur among ``n``, and their probabilities; less than 1e-12 is left out.

    >>> counts, weights = discordant_rows(1000, 0.1)
    >>> int(counts[0]), int(counts[-1]), round(float(weights @ counts), 6)
    (27, 202, 100.0)
    """
    mean, spread = n * discordance, math.sqrt(n * discordance * (1 - discordance))
    low, high = math.floor(mean - 7.5 * spread - 1), math.ceil(mean + 7.5 * spread + 30)
    counts = np.arange(max(low, 0), min(high, n) + 1)
    return counts, binomial(counts, n, discordance)


def binomial(counts: Counts, n: int, share: float | Floats) -> Floats:
    """Probabilities of ``counts`` successes in ``n`` trials."""
    from scipy.special import gammaln, xlog1py, xlogy

    choices = gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1)
    return np.asarray(np.exp(choices + xlogy(counts, share) + xlog1py(n - counts, -share)))


def at_least(gained: Counts, discordant: Counts, share: float | Floats) -> Floats:
    """Probability of ``gained`` or more successes in ``discordant`` trials of probability ``share``, elementwise.

    >>> at_least(np.array([0, 8, 11]), np.array([10, 10, 10]), 0.5).round(6)
    array([1.      , 0.054688, 0.      ])
    """
    from scipy.special import betainc

    inside = betainc(np.maximum(gained, 1), np.maximum(discordant - gained + 1, 1), share)
    return np.where(gained <= 0, 1.0, np.where(gained > discordant, 0.0, inside))


def mid_p(gained: Counts, discordant: Counts) -> Floats:
    """McNemar's mid-p-value: the outcome itself counts half.

    Lancaster, "Significance tests in discrete distributions", Journal of the American Statistical Association 56 (1961).

    >>> mid_p(np.array([8]), np.array([10])).round(4)
    array([0.0327])
    """
    return (at_least(gained, discordant, 0.5) + at_least(gained + 1, discordant, 0.5)) / 2


def smallest(significant: Callable[[Counts], npt.NDArray[np.bool_]], discordant: Counts, guess: Counts) -> Counts:
    """The smallest number of gained rows that is significant, for each number of discordant ones; one more when none is.

    Args:
        significant: says for ``gained`` ``(k,)`` which are; more gained rows never become less significant.
        discordant: numbers of discordant rows ``(k,)``.
        guess: roughly the answer ``(k,)``: the search begins around it, in brackets that double until they hold the answer.
    """
    width = np.full_like(discordant, 4)
    low, high = guess - width, guess + width
    while True:
        low, high = np.clip(low, -1, discordant), np.clip(high, 0, discordant + 1)
        too_high = (low >= 0) & significant(np.maximum(low, 0))
        too_low = (high <= discordant) & ~significant(np.minimum(high, discordant))
        if not (too_high | too_low).any():
            break
        width *= 2
        low, high = np.where(too_high, low - width, low), np.where(too_low, high + width, high)
    while (high - low > 1).any():
        middle = (low + high) // 2
        passes, undecided = significant(np.clip(middle, 0, discordant)), high - low > 1
        low, high = np.where(undecided & ~passes, middle, low), np.where(undecided & passes, middle, high)
    return np.asarray(high)
