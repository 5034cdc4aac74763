"""An anytime-valid paired test: bets on the next row, whose winnings are the evidence.

A row counts +1 when only the first model gets it right, -1 when only the second does, 0 when both or neither do. Whoever
believes that the mean is above the margin bets on it, never more than there is. If the mean is at most the margin, the
expected wealth never grows, and by Ville's inequality it reaches ``1 / alpha`` with probability at most ``alpha``, whenever
one looks and however often.

Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", Journal of the Royal Statistical Society
B 86 (2024), section 4; Ramdas, Gruenwald, Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid inference",
Statistical Science 38 (2023); Ville, "Étude critique de la notion de collectif", 1939.

Assumptions: every row is new and is bet on once; the rows are one sample of the same two models' population, or of several
pairs of which *all* have a mean of at most the margin under the hypothesis. Wealth that one candidate has won says nothing
about the next one.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError

# The bets, as shares of the largest one that cannot ruin. Geometric steps of 7.5 %: the best bet is near gain / discordance,
# which may be 0.02 or 0.9, and a bet a few per cent off wins almost as much. Equal prior weights.
BETS: npt.NDArray[np.float64] = np.geomspace(0.01, 0.99, 64)


def log_wealth(gained: int, tied: int, lost: int, margin: float = 0.0) -> float:
    """Logarithm of the wealth after these rows, from 1, against the hypothesis that the mean is at most ``margin``.

    The mean over the bets of ``(1 + b (1 - m))^gained (1 - b m)^tied (1 - b (1 + m))^lost`` with ``b = share / (1 + m)``: a
    mixture of test martingales is one (Waudby-Smith and Ramdas 2024, section 4.4). It depends on the counts alone, so counts
    of several batches are added up.

    Args:
        gained: rows that only the first model gets right.
        tied: rows that both or neither get right.
        lost: rows that only the second gets right.
        margin: in (-1, 1); negative for non-inferiority.

    Raises:
        DataError: for a negative count or a margin outside (-1, 1).

    >>> log_wealth(0, 0, 0)
    0.0
    >>> round(log_wealth(60, 900, 25), 2), round(log_wealth(25, 900, 60), 2)
    (5.47, -1.78)
    """
    if min(gained, tied, lost) < 0:
        raise DataError("counts", expected="three numbers of rows", got=f"{(gained, tied, lost)}", fix="count the rows")
    return float(log_wealths(np.array([[gained, tied, lost]]), margin)[0])


def log_wealths(counts: npt.NDArray[np.int64], margin: float = 0.0) -> npt.NDArray[np.float64]:
    """:func:`log_wealth` of many ``counts`` ``(k, 3)`` of gained, tied and lost rows, as ``(k,)``."""
    if not -1 < margin < 1:
        raise DataError("margin", expected="a difference of accuracies in (-1, 1)", got=f"{margin}", fix="change it")
    bets = BETS / (1 + margin)
    factors = np.log1p(np.stack([bets * (1 - margin), -bets * margin, -BETS]))
    logs = np.asarray(counts, np.float64) @ factors
    top = logs.max(axis=1)
    return np.asarray(top + np.log(np.exp(logs - top[:, None]).mean(axis=1)))


def betting_p_value(gained: int, tied: int, lost: int, margin: float = 0.0) -> float:
    """``min(1, 1 / wealth)``: at most ``alpha`` at any stopping time with probability at most ``alpha`` under the hypothesis.

    >>> betting_p_value(60, 900, 25) < 0.01, betting_p_value(0, 10, 0)
    (True, 1.0)
    """
    return math.exp(-max(log_wealth(gained, tied, lost, margin), 0.0))


def confidence_sequence(gained: int, tied: int, lost: int, alpha: float) -> tuple[float, float]:
    """The margins that bets in neither direction refuse at level ``alpha``: level ``1 - 2 alpha``, at all times at once.

    The wealth falls as the margin rises, because each bet is a fixed share of the largest; so the margins not refused are an
    interval, found by bisection to 1e-9.

    >>> [round(bound, 3) for bound in confidence_sequence(60, 900, 25, 0.05)]
    [0.008, 0.065]
    """
    return _lower(gained, tied, lost, alpha), -_lower(lost, tied, gained, alpha)


def _lower(gained: int, tied: int, lost: int, alpha: float) -> float:
    low, high = -1.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        refused = log_wealth(gained, tied, lost, middle) >= -math.log(alpha)
        low, high = (middle, high) if refused else (low, middle)
    return low
