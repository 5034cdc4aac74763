"""McNemar's exact test: does one model get more of the same rows right than another?

McNemar, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12 (1947); exact
form: the discordant rows are fair coin tosses when neither model is better.
"""

from __future__ import annotations


def mcnemar_exact(gained: int, lost: int) -> float:
    """One-sided exact p-value of ``gained`` rows that only the first model gets right, against ``lost`` that only the other does.

    The probability of at least ``gained`` heads in ``gained + lost`` tosses of a fair coin. Without discordant rows it is 1.

    >>> round(mcnemar_exact(8, 2), 6)  # (45 + 10 + 1) / 1024
    0.054688
    >>> mcnemar_exact(0, 0)
    1.0
    """
    from scipy.stats import binom

    return float(binom.sf(gained - 1, gained + lost, 0.5))


def mcnemar_power(n: int, p_gained: float, p_lost: float, alpha: float) -> float:
    """Exact power of the one-sided test on ``n`` rows, of which a share is gained and a share lost.

    Args:
        n: test rows.
        p_gained: probability that only the first model gets a row right.
        p_lost: probability that only the second does.
        alpha: level.

    >>> mcnemar_power(500, 0.05, 0.05, 0.05) <= 0.05
    True
    """
    import numpy as np
    from scipy.stats import binom

    discordant = np.arange(n + 1)
    # Smallest number of heads that is significant for each number of tosses.
    critical = binom.isf(alpha, discordant, 0.5) + 1
    power = binom.sf(critical - 1, discordant, p_gained / (p_gained + p_lost))
    return float(binom.pmf(discordant, n, p_gained + p_lost) @ power)


def rows_needed(p_gained: float, p_lost: float, alpha: float, power: float = 0.8) -> int | None:
    """About how many test rows the test needs to see a gain of ``p_gained - p_lost``; None when there is no gain to see.

    Connor, "Sample size for testing differences in proportions for the paired-sample design", Biometrics 43 (1987),
    equation 3.

    >>> rows_needed(0.10, 0.05, 0.05)
    369
    """
    import math

    from scipy.stats import norm

    gain, discordant = p_gained - p_lost, p_gained + p_lost
    if gain <= 0:
        return None
    spread = norm.isf(alpha) * math.sqrt(discordant) + norm.isf(1 - power) * math.sqrt(discordant - gain**2)
    return math.ceil((spread / gain) ** 2)
