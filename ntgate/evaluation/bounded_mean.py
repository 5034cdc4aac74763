r"""A test of a bounded mean that holds its level for every distribution and every number of rows: bets with a deadline.

A row is worth the difference :math:`x \in [-1, 1]` of two models' scores on it. Whoever believes that the mean is above the margin
:math:`m` bets a share of what he has on each row in turn, never more than there is: the wealth is
:math:`W_t = \prod_{i \le t} (1 + \lambda_i (x_i - m))` with :math:`0 \le \lambda_i < 1 / (1 + m)`. If the mean is at most the
margin, the expected wealth never grows whatever the bets, as long as each is made before its row is seen; by Ville's inequality
the greatest wealth ever exceeds :math:`1 / \alpha` with probability at most :math:`\alpha`. No row has to be normal, symmetric or
frequent: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", Journal of the Royal Statistical
Society B 86 (2024), proposition 2 and section 4.

Power comes from the bets. The rows are a fixed number, so the goal has a deadline: from a wealth of :math:`w` with :math:`r` rows
left, what reaches :math:`1 / \alpha` most often in the limit of many small bets is the hedge of a digital option,
:math:`\lambda = \varphi(\Phi^{-1}(\alpha w)) / (\alpha w \sigma \sqrt r)`, whatever the drift (Kulldorff, "Optimal control of
favorable games with a time limit", SIAM Journal on Control and Optimization 31 (1993); Browne, "Reaching goals by a deadline",
Advances in Applied Probability 31 (1999), theorem 3.1); there it is as powerful as the normal test. The spread :math:`\sigma` is
that of the rows before. Once the goal is reached its square is the next one, for a p-value that says more than yes.

What no valid test can do: a gain of :math:`g` (as a share of the largest loss) on fewer than about :math:`\ln(1 / \alpha) / g` rows
cannot be shown, because as many rows may all miss a rare loss that cancels it.

The order of the rows must not depend on their differences. Clusters are rows by their totals, over that of the largest cluster.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError
from ntgate.evaluation.types import Floats

_LARGEST = 0.9  # of the bet that could ruin
_PRIOR = 0.1  # variance that is assumed with the weight of one row
_STEPS = 2000  # rows beyond that are bet on in blocks
_RICHEST = 1e150  # more is not counted
# The margins that the interval is searched among, by distance from the margin of the test; fixed, as the bets depend on them.
_DISTANCES = np.concatenate([[0.0], np.geomspace(1e-4, 2.0, 400)])


def bounded_mean_test(
    x: Floats, margin: float, alpha: float, *, seed: int, groups: npt.NDArray[np.generic] | None = None
) -> tuple[tuple[float, float], float]:
    """Interval of level ``1 - 2 alpha`` and one-sided p-value of the mean against ``margin``.

    The lower end of the interval is above the margin exactly where the p-value is at most ``alpha``.

    Args:
        x: differences ``(n,)`` in [-1, 1].
        margin: in (-1, 1), to be exceeded; negative for non-inferiority.
        alpha: level of each side.
        seed: of the order of the rows.
        groups: clusters ``(n,)``, which are bet on as wholes.

    Raises:
        DataError: for differences or a margin outside.

    >>> rng = np.random.default_rng(0)
    >>> interval, p_value = bounded_mean_test(rng.normal(0.05, 0.3, 500).clip(-1, 1), 0.0, 0.05, seed=0)
    >>> [round(end, 3) for end in interval], p_value <= 0.05
    ([0.016, 0.067], True)
    """
    if x.ndim != 1 or not len(x) or not (np.abs(x) <= 1 + 1e-9).all() or not -1 < margin < 1:
        raise DataError(
            "differences, margin",
            expected="numbers in [-1, 1], and a margin between",
            got=f"shape {x.shape}, {margin}",
            fix="divide both by the largest difference that there can be",
        )
    values, weights = _units(x, groups)
    order = np.random.default_rng(seed).permutation(len(values))
    values, weights = values[order, None], weights[order, None]
    lower, p_value = _lower(values, weights, margin, alpha)
    upper, _ = _lower(-values, weights, -margin, alpha)
    return (lower, -upper), p_value


def bounded_mean_p_value(x: Floats, margin: float, alpha: float, weights: Floats | None = None) -> Floats:
    """P-values of many samples: the columns of ``x`` ``(n, k)``, in the order of their rows, give ``(k,)``.

    >>> bounded_mean_p_value(np.ones((20, 1)), 0.0, 0.05).round(6)
    array([1.3e-05])
    """
    ones = np.ones((len(x), 1)) if weights is None else weights
    return np.asarray(np.minimum(1.0, 1 / _greatest_wealth(x, ones, np.full(x.shape[1], margin), alpha)))


def rows_for_bounded_mean(gain: float, spread: float, alpha: float) -> int | None:
    """About how many rows show a gain with 80 % power: those of the normal test, and those on which rare losses would have shown.

    Args:
        gain: beyond the margin, as a share of the largest that there can be.
        spread: standard deviation of the rows' differences, as such a share.
        alpha: level of the test.

    Returns:
        Rows; None where there is no gain.

    >>> rows_for_bounded_mean(0.05, 0.4, 0.05), rows_for_bounded_mean(0.02, 0.1, 0.05 / 52), rows_for_bounded_mean(0.0, 0.4, 0.05)
    (456, 737, None)
    """
    from scipy.special import ndtri

    if not gain > 0:
        return None
    normal = (float(ndtri(1 - alpha) + ndtri(0.8)) * spread / gain) ** 2
    return math.ceil(normal + math.log(1 / alpha) / gain)


def _units(x: Floats, groups: npt.NDArray[np.generic] | None) -> tuple[Floats, Floats]:
    """What is bet on, with the weight of each: rows, or totals of clusters over the size of the largest."""
    if groups is None:
        return x, np.ones(len(x))
    _, which = np.unique(groups, return_inverse=True)
    sizes = np.bincount(which).astype(np.float64)
    return np.bincount(which, weights=x) / sizes.max(), sizes / sizes.max()


def _lower(x: Floats, weights: Floats, margin: float, alpha: float) -> tuple[float, float]:
    """The margin up to which all are refused, and the p-value of ``margin``: the largest of it and of all smaller ones.

    A margin is tested with the bets, as shares of the largest, that are made for the next greater one of the grid; a fixed share
    wins less the greater the margin, so that a margin of the grid is refused with all between it and the one before.
    """
    grid = np.unique(np.clip(np.concatenate([margin - _DISTANCES, margin + _DISTANCES]), -1 + 1e-9, 1 - 1e-9))
    p_values = np.minimum(1.0, 1 / _greatest_wealth(x, weights, grid, alpha))
    stays, at = np.flatnonzero(p_values > alpha), int(np.searchsorted(grid, margin))
    first = int(stays[0]) if len(stays) else len(grid)
    lower = -1.0 if first == 0 else float(np.nextafter(grid[first - 1], 1))  # which is refused itself
    return lower, float(p_values[: at + 1].max())


def _greatest_wealth(x: Floats, weights: Floats, margins: Floats, alpha: float) -> Floats:
    """The greatest wealth of bets against each of ``margins`` ``(k,)`` on units ``x`` ``(n, k)`` or ``(n, 1)``."""
    from scipy.special import ndtri

    n, k = len(x), len(margins)
    wealth, greatest, goal = np.ones(k), np.ones(k), np.full(k, 1 / alpha)
    total, squares = np.zeros(k), np.full(k, _PRIOR)
    largest, block = _LARGEST / (1 + margins), math.ceil(n / _STEPS)
    for start in range(0, n, block):
        variance = np.maximum(squares / (start + 1) - (total / (start + 1)) ** 2, 1e-9)
        reached = np.clip(wealth / goal, 1e-300, 1 - 1e-12)
        hedge = np.exp(-0.5 * ndtri(reached) ** 2) / (math.sqrt(2 * math.pi) * reached)
        bets = np.minimum(hedge / np.sqrt(variance * (n - start)), largest)
        excess = x[start : start + block] - margins * weights[start : start + block]
        wealth = np.minimum(wealth * np.prod(1 + bets * excess, axis=0), _RICHEST)
        total, squares = total + excess.sum(axis=0), squares + np.square(excess).sum(axis=0)
        greatest = np.maximum(greatest, wealth)
        goal = np.where(wealth >= goal, wealth**2, goal)
    return greatest
