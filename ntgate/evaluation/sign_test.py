r"""The exact sign test, once or at several declared looks.

Where two models say different things of a row, its label says that one of them is right, or neither. Of the rows where exactly one
is right each speaks for the first with a chance of at most one half, if the first is no better: whatever share of the rows that
are, and whatever the other rows are like. So their number is given, and the number of gained ones among them is binomial.

With several looks the level is spent over them: by the look after a share :math:`t` of the labels, :math:`\alpha t^3` of it (Kim
and DeMets, "Design and analysis of group sequential tests based on the type I error spending rate function", Biometrika 74, 1987),
little at first, so that the last look has nearly all. The bounds are exact, by the recursion of Armitage, McPherson and Rowe
(Journal of the Royal Statistical Society A 132, 1969), here of binomial and not of normal numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

MOST_LOOKS = 200
KEPT = 0.2  # of the level, for labels that are asked for later
_POWER_OF_SPENDING = 3
_EXACT_UP_TO = 20_000  # labels; beyond it a normal approximation is within a hundredth


def look_positions(budget: int, looks: int) -> tuple[int, ...]:
    """After how many of ``budget`` labels each look is; fewer looks where there are fewer labels.

    >>> look_positions(10, 4), look_positions(2, 5)
    ((3, 5, 8, 10), (1, 2))
    """
    return tuple(sorted({math.ceil(budget * k / looks) for k in range(1, looks + 1)} - {0}))


def spent_by(positions: Sequence[int], budget: int, alpha: float) -> tuple[float, ...]:
    """The level that is spent up to each look.

    >>> [round(level, 4) for level in spent_by((50, 100), 100, 0.05)]
    [0.0063, 0.05]
    """
    return tuple(alpha * (n / budget) ** _POWER_OF_SPENDING for n in positions)


def positions_of_all(first: int, differ: int) -> tuple[int, ...]:
    """After how many labels the verdict is looked for where they are looked at as they come: after each, in at most some 200 steps.

    Args:
        first: labels that are asked for at first.
        differ: labels that may be asked for in all.

    >>> positions_of_all(2, 3), positions_of_all(7, 400)[:5]
    ((1, 2, 3), (2, 4, 6, 7, 8))
    """
    step = math.ceil(differ / MOST_LOOKS)
    return tuple(sorted({*range(step, differ + 1, step), first, differ} - {0}))


def spent_as_they_come(positions: Sequence[int], first: int, differ: int, alpha: float) -> tuple[float, ...]:
    """The level that is spent up to each look where more labels may be asked for after the ``first``, up to all that ``differ``.

    A fifth of the level is kept for them, and spent evenly: they are asked for because the first have shown nothing.

    >>> [round(level, 4) for level in spent_as_they_come((50, 100, 150, 200), 100, 200, 0.05)]
    [0.005, 0.04, 0.045, 0.05]
    """
    at_first = alpha * (1.0 if first >= differ else 1 - KEPT)
    rest = max(differ - first, 1)
    return tuple(
        at_first * (n / first) ** _POWER_OF_SPENDING if n <= first else at_first + (alpha - at_first) * (n - first) / rest
        for n in positions
    )


def bounds(deciding: Sequence[int], spent: Sequence[float], chance: float = 0.5) -> tuple[int, ...]:
    """From how many gained rows on each look rejects a ``chance`` of at most this; one more than there are where none does.

    Args:
        deciding: rows on which exactly one model is right, up to each look.
        spent: the level that is spent up to each look.
        chance: that such a row is gained, under the hypothesis.

    >>> bounds([20], [0.05]), bounds([10, 20], [0.00625, 0.05])
    ((15,), (10, 15))
    """
    found, at, crossed, before = [], np.ones(1), 0.0, 0
    for m, level in zip(deciding, spent, strict=True):
        at = np.convolve(at, _binomial(m - before, chance))
        before = m
        tail = np.append(np.cumsum(at[::-1])[::-1], 0.0)
        bound = int(np.flatnonzero(crossed + tail <= level)[0]) if crossed <= level else m + 1
        crossed += float(tail[bound])
        at[bound:] = 0.0
        found.append(bound)
    return tuple(found)


def first_crossing(gained: Sequence[int], bounded: Sequence[int]) -> int | None:
    """The first look whose bound is reached; None: none is."""
    return next((i for i, (g, bound) in enumerate(zip(gained, bounded, strict=True)) if g >= bound), None)


def p_value(gained: Sequence[int], deciding: Sequence[int], shares: Sequence[float]) -> float:
    """The smallest level at which a look so far would have rejected: valid however many looks there were.

    Args:
        gained: rows gained up to each look.
        deciding: rows on which exactly one model is right, up to each look.
        shares: of the level that is spent up to each look, 1 at the last.

    >>> round(p_value([15], [20], [1.0]), 4), p_value([10], [20], [1.0]) > 0.5
    (0.0207, True)
    """

    def rejects(alpha: float) -> bool:
        return first_crossing(gained, bounds(deciding, [alpha * share for share in shares])) is not None

    if not gained or not rejects(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if rejects(middle) else (middle, high)
    return high


def least_chance(gained: Sequence[int], deciding: Sequence[int], spent: Sequence[float]) -> float:
    """The lower confidence bound of the chance that a deciding row is gained: greater chances are not rejected.

    >>> round(least_chance([15], [20], [0.05]), 3), round(least_chance([14], [20], [0.05]), 3)
    (0.544, 0.492)
    """
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        rejected = first_crossing(gained, bounds(deciding, spent, middle)) is not None
        low, high = (middle, high) if rejected else (low, middle)
    return low


def chance_to_pass(gained: int, deciding: int, to_come: Sequence[int], bounded: Sequence[int], chance: float) -> float:
    """How likely a later look is to reach its bound.

    Args:
        gained: rows gained so far.
        deciding: of so many.
        to_come: deciding rows up to each later look.
        bounded: the bound of each later look.
        chance: that a deciding row is gained.

    >>> round(chance_to_pass(0, 0, [20], [15], 0.75), 3)
    0.617
    """
    at, before, passed = np.zeros(gained + 1), deciding, 0.0
    at[gained] = 1.0
    for m, bound in zip(to_come, bounded, strict=True):
        at = np.convolve(at, _binomial(m - before, chance))
        before = m
        passed += float(at[bound:].sum())
        at[bound:] = 0.0
    return passed


def power(labels: int, deciding: float, chance: float, alpha: float, looks: int = 1) -> float:
    """How likely so many labels are to show that the first model is better.

    Args:
        labels: of rows on which the models differ.
        deciding: share of them on which exactly one is right.
        chance: that such a row is gained.
        alpha: level.
        looks: declared.

    >>> round(power(76, 1.0, 0.65, 0.05), 2), round(power(76, 1.0, 0.65, 0.05, looks=5), 2)
    (0.83, 0.83)
    """
    positions = look_positions(labels, looks)
    m = [round(n * deciding) for n in positions]
    return chance_to_pass(0, 0, m, bounds(m, spent_by(positions, labels, alpha)), chance)


def labels_needed(deciding: float, chance: float, alpha: float, looks: int = 1, wanted: float = 0.8) -> int | None:
    """Labels from which on the test shows it with probability ``wanted``; None where there is nothing to show.

    >>> labels_needed(1.0, 0.65, 0.05), labels_needed(1.0, 0.8, 0.05), labels_needed(1.0, 0.5, 0.05)
    (76, 18, None)
    """
    if chance <= 0.5 or deciding <= 0:
        return None
    from scipy.special import ndtri

    lead = 2 * chance - 1
    spread = math.sqrt(max(1 - lead**2, 0.0))
    about = math.ceil(((ndtri(1 - alpha) + ndtri(wanted) * spread) / lead) ** 2 / deciding)
    if about > _EXACT_UP_TO:
        return about

    def enough(labels: int) -> bool:  # whole numbers make the power saw-toothed
        return all(power(labels + more, deciding, chance, alpha, looks) >= wanted for more in range(3))

    high = max(1, about)
    while not enough(high):
        high += high // 8 + 1
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


@lru_cache(maxsize=1_000)
def _binomial(n: int, chance: float) -> npt.NDArray[np.float64]:
    from scipy.stats import binom

    return np.asarray(binom.pmf(np.arange(n + 1), n, chance))
