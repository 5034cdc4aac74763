"""McNemar's exact test: does one model get more of the same rows right than another?

McNemar, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12 (1947); exact
form: the discordant rows are fair coin tosses when neither model is better.
"""

from __future__ import annotations

import numpy as np

from ntgate.evaluation.discordant import at_least


def mcnemar_exact(gained: int, lost: int) -> float:
    """One-sided exact p-value of ``gained`` rows that only the first model gets right, against ``lost`` that only the other does.

    The probability of at least ``gained`` heads in ``gained + lost`` tosses of a fair coin. Without discordant rows it is 1.

    >>> round(mcnemar_exact(8, 2), 6)  # (45 + 10 + 1) / 1024
    0.054688
    >>> mcnemar_exact(0, 0)
    1.0
    """
    return float(at_least(np.array([gained]), np.array([gained + lost]), 0.5)[0])
