"""An unconditional exact test of paired accuracies: sharper than McNemar's, as exact.

McNemar's exact test looks only at the discordant rows; with few of them its level is far below ``alpha``, because no number of
heads has exactly that probability. Without conditioning, the number of discordant rows varies and fills the gaps. The share
of discordant rows is then unknown under the hypothesis, and the p-value is the worst over it:

1. order the outcomes by McNemar's mid-p-value; those with up to 500 discordant rows by its probability at the estimated share,
   which is finer (the "E" of Lloyd, "A new exact and more powerful unconditional test of no treatment effect from binary matched
   pairs", Biometrics 64, 2008). With more discordant rows the two differ by less than a thousandth, and the mid-p-value takes its
   own place. Which of the two orders an outcome follows from the outcome alone and from nothing that was observed, so that all
   outcomes stand in one order, fixed beforehand; any such order makes a valid test. It is the number of discordant rows that
   counts and not that of all rows: 501 rows of which five are discordant gain as much by the finer order as 500 do;
2. take the largest probability, over the share, of an outcome that is at least as extreme (Suissa and Shuster, "The 2 x 2
   matched-pairs trial: exact unconditional design and analysis", Biometrics 47, 1991);
3. over the shares in a confidence interval of level ``1 - 1e-6`` only, whose error is added (Berger and Boos, "P values
   maximized over a confidence set for the nuisance parameter", JASA 89, 1994; for matched pairs Berger and Sidik, "Exact
   unconditional tests for a 2 x 2 matched-pairs design", Statistical Methods in Medical Research 12, 2003).

The hypothesis is that at most half of the discordant rows are gained. The worst case has exactly half: given the number of
discordant rows, an extreme outcome becomes likelier with every chance of a gained row.

With a margin the outcomes are ordered by Tango's statistic (Hsueh, Liu and Chen, "Unconditional exact tests for equivalence or
noninferiority for paired binary endpoints", Biometrics 57, 2001). Tango's own p-value is approximate: on 300 rows, where 2 % are
lost and none gained in truth, it takes that loss of two points for a smaller one in 6.0 % of cases at level 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ntgate.errors import DataError
from ntgate.evaluation.discordant import Counts, Floats, at_least, binomial, discordant_rows, mid_p, smallest
from ntgate.evaluation.tango import tango_statistic, tango_statistics

OUTSIDE = 1e-6  # probability of a share outside the confidence interval, added to the p-value, which is never less
SHARES = 64  # shares that are tried; the probability changes between two of them by less than 1e-5
_TABLES = (100, 300, 720)  # tosses: sizes that are kept
ESTIMATED_UP_TO = 500  # discordant rows; with more, the finer order changes nothing


def mcnemar_unconditional(gained: int, lost: int, n: int) -> float:
    """One-sided p-value of ``gained`` rows that only the first model gets right and ``lost`` that only the second does, of ``n``.

    Raises:
        DataError: when the counts are no part of ``n`` rows.

    >>> round(mcnemar_unconditional(8, 2, 100), 4)  # McNemar's: 0.0547
    0.0307
    >>> mcnemar_unconditional(0, 0, 100)
    1.0
    """
    _check(gained, lost, n)
    if gained + lost == 0:
        return 1.0
    shares = _shares(gained + lost, n)
    discordant = _reached(n, shares)
    extreme = at_least(_least(gained, gained + lost, n, discordant), discordant, 0.5)
    worst = float((binomial(discordant, n, shares[:, None]) @ extreme).max())
    return min(1.0, worst + OUTSIDE)


def tango_unconditional(gained: int, lost: int, n: int, margin: float) -> float:
    """One-sided p-value against a difference of at most ``margin``, negative for non-inferiority.

    Raises:
        DataError: when the counts are no part of ``n`` rows, or the margin is outside (-1, 1).

    >>> round(tango_unconditional(0, 2, 300, -0.02), 4)  # Tango's: 0.0495
    0.0602
    """
    _check(gained, lost, n)
    if not -1 < margin < 1:
        raise DataError("margin", expected="a difference of accuracies in (-1, 1)", got=f"{margin}", fix="change it")
    if not n:
        return 1.0
    # Under the hypothesis at least a share of |margin| is discordant.
    shares = np.unique(np.maximum(_shares(gained + lost, n), abs(margin)))[:, None]
    if shares[-1] <= abs(margin):
        shares = np.array([[max(abs(margin), 1e-12)]])
    discordant = _reached(n, shares)
    observed = tango_statistic(gained, lost, n, margin)
    least = smallest(
        lambda counts: tango_statistics(counts, discordant - counts, n, margin) >= observed - 1e-9,
        discordant,
        (discordant + gained - lost) // 2,
    )
    of_gained = (shares + margin) / (2 * shares)
    worst = (binomial(discordant, n, shares) * at_least(least, discordant, of_gained)).sum(axis=1).max()
    return min(1.0, float(worst) + OUTSIDE)


def _check(gained: int, lost: int, n: int) -> None:
    if min(gained, lost) < 0 or gained + lost > n:
        raise DataError("counts", expected=f"two parts of {n} rows", got=f"{gained} and {lost}", fix="count the rows")


def _reached(n: int, shares: Floats) -> Counts:
    """The numbers of discordant rows that occur under any of the shares."""
    first, last = (discordant_rows(n, float(share))[0] for share in (shares.min(), shares.max()))
    return np.arange(first[0], last[-1] + 1)


def _shares(discordant: int, n: int) -> Floats:
    """Shares of discordant rows in the Clopper-Pearson interval, evenly spaced where their standard error is constant."""
    from scipy.special import betaincinv

    low = betaincinv(discordant, n - discordant + 1, OUTSIDE / 2) if discordant else 0.0
    high = betaincinv(discordant + 1, n - discordant, 1 - OUTSIDE / 2) if discordant < n else 1.0
    return np.asarray(np.sin(np.linspace(math.asin(math.sqrt(low)), math.asin(math.sqrt(high)), SHARES)) ** 2)


def _least(gained: int, of: int, n: int, discordant: Counts) -> Counts:
    """For each number of discordant rows, the smallest number of gained ones that stands as far out as ``gained`` of ``of``."""
    few, many = discordant[discordant <= ESTIMATED_UP_TO], discordant[discordant > ESTIMATED_UP_TO]
    bound = float(mid_p(np.array([gained]), np.array([of]))[0])
    guess, estimated = _as_extreme(bound, few), _estimated(n, few) if len(few) else None
    if estimated is not None and of <= ESTIMATED_UP_TO:
        bound = float(estimated(np.array([bound]), np.searchsorted(few, [of]))[0])
    least = guess
    if estimated is not None:
        every = np.arange(len(few))
        least = smallest(lambda counts: estimated(mid_p(counts, few), every) <= bound * (1 + 1e-9), few, guess)
    return np.concatenate([least, _as_extreme(bound, many)])


def _as_extreme(most: float, discordant: Counts) -> Counts:
    """For each number of discordant rows, the smallest number of gained ones whose mid-p-value is at most ``most``."""
    from scipy.special import ndtri

    guess = (discordant - ndtri(min(max(most, 1e-300), 1 - 1e-12)) * np.sqrt(discordant)) / 2  # of a finite deviation
    bound = most * (1 + 1e-9)
    return smallest(lambda gained: mid_p(gained, discordant) <= bound, discordant, guess.astype(np.int64))


def _estimated(n: int, discordant: Counts) -> Callable[[Floats, Counts], Floats]:
    """Says how likely a mid-p-value of at most so much is, at the shares estimated from the numbers of discordant rows."""
    estimates = np.clip(discordant, 0.5, n - 0.5) / n
    reached = _reached(n, estimates)
    tails, rising = _tossed(next((size for size in _TABLES if size >= reached[-1]), int(reached[-1])))
    weights = binomial(reached, n, estimates[:, None])

    def estimated(mid_ps: Floats, positions: Counts) -> Floats:
        bounds = mid_ps * (1 + 1e-9)
        reaching = np.stack([np.searchsorted(rising[row], bounds, side="right") for row in reached], axis=1)
        return np.asarray((weights[positions] * tails[reached, rising.shape[1] - reaching]).sum(axis=1))

    return estimated


@lru_cache(maxsize=4)
def _tossed(most: int) -> tuple[Floats, Floats]:
    """Of up to ``most`` tosses of a fair coin the probabilities of so many heads or more, and the mid-p-values, smallest first."""
    tails = at_least(np.arange(most + 3)[None, :], np.arange(most + 1)[:, None], 0.5)  # up to more heads than tosses
    return tails, np.ascontiguousarray((tails[:, :-1] + tails[:, 1:])[:, ::-1] / 2)
