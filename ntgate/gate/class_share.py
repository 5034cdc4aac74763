"""The share of a class where labels of disagreeing rows are all that is known of a pool.

Whether a row belongs to a class is known once it is labelled, and of the rows on which the models agree none is. What the models
themselves say is no way to count them: both may be wrong, and where they are, is what is to be found out. So how many rows a class
has is taken from rows that were labelled at random from the same target: the test rows that the run has opened, by the lower bound
of Clopper and Pearson.
"""

from __future__ import annotations

FOR_THE_SHARE = 0.1  # of the level


def least_share(held: int, n: int, level: float) -> float:
    """The smallest share that ``held`` of ``n`` rows at random do not contradict at ``level``.

    >>> round(least_share(30, 300, 0.005), 3), least_share(0, 300, 0.005), least_share(0, 0, 0.005)
    (0.06, 0.0, 0.0)
    """
    from scipy.stats import beta

    return float(beta.ppf(level, held, n - held + 1)) if held else 0.0
