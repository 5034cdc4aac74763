r"""A test of a difference of balanced accuracies that holds its level with rare classes.

The difference is the mean over classes of ``(gained - lost) / n`` of each class. Drawing the rows again, as a bootstrap does, sees
no variance in a class of five rows that shows no discordant one, though a fifth of such rows may be lost in truth: with 250 and 5
rows the bootstrap rejects true hypotheses twice as often as it should at level 0.05, and 8 to 37 times as often at 0.001
(``benchmarks/results/gate_error_rates.md``). Here

1. the statistic is the difference over its standard error, to which every class adds half a gained and half a lost row;
2. its distribution is that under the *likeliest* hypothesis: the shares of gained and lost rows of each class that fit the counts
   best (maximum likelihood) among those whose difference is the margin. A rare class may lose there what the others gain, where
   so few rows do not contradict it; the more its rows do, the less. Tables of that distribution are drawn, and the p-value is the
   share that is at least as extreme;
3. the same is done with half a gained, a lost and a tied row more in each class, and the larger p-value counts: shares that were
   estimated from few rows may be too small by chance.

This is the "E" step of Lloyd, "Exact p-values for discrete models obtained by estimation and maximization", Australian and New
Zealand Journal of Statistics 50 (2008), which is nearly exact without a maximisation over the shares. It is no proof: that the
level holds is shown by simulation, over classes of 5 to 500 rows and a disagreement of 1 to 80 per cent, also where the common
class gains what the rare one loses. The likelihood has Lagrange's form of the empirical likelihood (Owen, "Empirical Likelihood",
2001, section 3.14, several samples) with support -1, 0 and 1 whether or not it was observed.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.types import Floats

Counts = npt.NDArray[np.int64]

_PSEUDO = 0.5  # gained and lost rows that each class has beside those it shows
_BEYOND = 40  # tables that are to be beyond the level
_MOST = 200_000  # tables
_BLOCK = 4_000_000  # counts held at a time
_FAR = 1e12  # of a multiplier
_ROUNDING = 1e-9
_STEPS = 100  # of Newton


def stratified_test(
    gained: Counts, lost: Counts, rows: Counts, margin: float, alpha: float, *, resamples: int, seed: int
) -> tuple[tuple[float, float], float]:
    """Interval of level ``1 - 2 alpha`` and one-sided p-value of the mean difference over classes against ``margin``.

    Both ends of the interval are as many standard errors away as the drawn tables say, and never fewer than those of the normal
    distribution, so that its lower end is above the margin where the p-value is below the level.

    Args:
        gained: rows of each class ``(k,)`` that only the first model gets right.
        lost: those that only the second does.
        rows: all rows of each class, at least one.
        margin: the difference that has to be exceeded; negative for non-inferiority.
        alpha: level of each side.
        resamples: tables that are drawn at least; at a small level as many more as it takes to see what lies beyond it.
        seed: of the drawing.

    >>> counts = np.array([30, 2]), np.array([5, 0]), np.array([250, 5])
    >>> _, p_value = stratified_test(*counts, margin=0.0, alpha=0.05, resamples=2000, seed=0)
    >>> p_value > 0.02
    True
    >>> stratified_test(np.array([30, 20]), np.array([5, 2]), np.array([250, 100]), 0.0, 0.05, resamples=2000, seed=0)[1] < 0.001
    True
    """
    b, c, n = (np.asarray(counts, np.float64) for counts in (gained, lost, rows))
    gain, error = float(((b - c) / n).mean()), float(standard_error(b, c, n))
    drawn = tables_drawn(alpha, resamples)
    upwards = _under_both(b, c, rows, margin, drawn, seed)
    downwards = _under_both(c, b, rows, -margin, drawn, seed + 1)
    p_value = _beyond(upwards, (gain - margin) / error)
    below, above = (max(_normal(alpha), *(float(np.quantile(z, 1 - alpha)) for z in both)) for both in (upwards, downwards))
    return (max(-1.0, gain - below * error), min(1.0, gain + above * error)), p_value


def stratified_p_value(gained: Counts, lost: Counts, rows: Counts, margin: float, *, tables: int, seed: int) -> float:
    """The p-value of :func:`stratified_test` alone, from so many ``tables``."""
    b, c, n = (np.asarray(counts, np.float64) for counts in (gained, lost, rows))
    observed = (float(((b - c) / n).mean()) - margin) / float(standard_error(b, c, n))
    return _beyond(_under_both(b, c, rows, margin, tables, seed), observed)


def _beyond(both: tuple[Floats, Floats], observed: float) -> float:
    return max((1 + float((z >= observed - _ROUNDING).sum())) / (len(z) + 1) for z in both)


def tables_drawn(alpha: float, resamples: int) -> int:
    """How many tables are drawn at a level.

    >>> tables_drawn(0.05, 5000), tables_drawn(0.001, 5000)
    (5000, 40000)
    """
    return max(resamples, min(_MOST, math.ceil(_BEYOND / alpha)))


def standard_error(gained: Floats, lost: Floats, rows: Floats) -> Floats:
    """Of the mean over classes of ``(gained - lost) / rows``: counts ``(..., k)`` give ``(...)``."""
    more = rows + 2 * _PSEUDO
    variance = ((gained + lost + 2 * _PSEUDO) / more - ((gained - lost) / more) ** 2) / rows
    return np.asarray(np.sqrt(variance.sum(axis=-1)) / len(rows))


def _under_both(gained: Floats, lost: Floats, rows: Counts, margin: float, drawn: int, seed: int) -> tuple[Floats, Floats]:
    """The statistic of tables drawn under the likeliest shares, and under those that are with half a row more of each kind."""
    n, half = np.asarray(rows, np.float64), _PSEUDO
    more = gained + half, lost + half, n + 3 * half
    shares = likeliest(gained, lost, n, margin), likeliest(*more, margin)
    return _statistics(*shares[0], rows, margin, drawn, seed), _statistics(*shares[1], rows, margin, drawn, seed)


def _statistics(won: Floats, gone: Floats, rows: Counts, margin: float, drawn: int, seed: int) -> Floats:
    """The statistic of tables drawn under shares of gained and lost rows ``(k,)``, as ``(drawn,)``."""
    rng, n = np.random.default_rng(seed), np.asarray(rows, np.float64)
    outcomes = np.column_stack([won, gone, np.maximum(0.0, 1 - won - gone)])
    found, step = [], max(1, _BLOCK // len(rows))
    for start in range(0, drawn, step):
        tables = rng.multinomial(rows, outcomes, size=(min(step, drawn - start), len(rows)))
        b, c = tables[..., 0].astype(np.float64), tables[..., 1].astype(np.float64)
        found.append((((b - c) / n).mean(axis=-1) - margin) / standard_error(b, c, n))
    return np.concatenate(found)


def likeliest(gained: Floats, lost: Floats, rows: Floats, margin: float) -> tuple[Floats, Floats]:
    """Shares ``(k,)`` of gained and of lost rows that fit the counts best where their mean difference is at most ``margin``.

    >>> won, gone = likeliest(np.array([10.0, 0.0]), np.array([0.0, 0.0]), np.array([250.0, 5.0]), 0.0)
    >>> won.round(3), gone.round(3)  # the rare class loses what the common one gains
    (array([0.039, 0.   ]), array([0.   , 0.039]))
    """
    from scipy.optimize import brentq

    wanted = len(rows) * margin
    if float(((gained - lost) / rows).sum()) <= wanted:
        return gained / rows, lost / rows
    high = 1.0
    while _excess(high, gained, lost, rows, wanted) > 0 and high < _FAR:
        high *= 2
    if high >= _FAR:
        return np.zeros_like(rows), np.ones_like(rows)
    return _tilted(brentq(_excess, 0.0, high, args=(gained, lost, rows, wanted)), gained, lost, rows)


def _excess(multiplier: float, gained: Floats, lost: Floats, rows: Floats, wanted: float) -> float:
    won, gone = _tilted(multiplier, gained, lost, rows)
    return float((won - gone).sum()) - wanted


def _tilted(multiplier: float, gained: Floats, lost: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """The shares that a multiplier leads to: they add up to 1 at one ``mu``, which is at least the multiplier.

    Gained, tied and lost are ``gained / (mu + multiplier)``, ``tied / mu`` and ``lost / (mu - multiplier)``. Where a class has no
    lost row and ``mu`` would be below the multiplier, the lost share is what the others leave there. The sum is convex and falls,
    so that Newton's steps from the left never pass the root.
    """
    tied = rows - gained - lost
    mu = np.maximum.reduce([multiplier + lost, tied, gained - multiplier, np.full(len(rows), multiplier)])
    for _ in range(_STEPS):
        apart = np.where(lost > 0, mu - multiplier, 1.0)
        won, same, gone = gained / (mu + multiplier), tied / mu, lost / apart
        slope = won / (mu + multiplier) + same / mu + gone / apart
        step = np.maximum(won + same + gone - 1, 0.0) / slope
        mu = mu + step
        if (step <= _ROUNDING * mu).all():
            break
    won = gained / (mu + multiplier)
    return won, np.clip(1 - won - tied / mu, 0.0, 1.0)


def _normal(alpha: float) -> float:
    from scipy.special import ndtri

    return -float(ndtri(alpha))
