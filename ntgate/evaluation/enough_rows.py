"""Whether every class has rows and disagreements enough for the bootstrap.

Drawing the rows again knows nothing of what no row shows. With few rows of a class, or few on which the two models disagree, its
distribution is too narrow and its tails are empty: at a small level it then rejects true hypotheses many times as often as it
should. So below a minimum nothing is claimed. The minima grow with the logarithm of the level: that far into the tail the rows
have to reach. How often the bootstrap errs above them is in ``benchmarks/results/gate_error_rates.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.types import Ints

_DISAGREEMENTS = 3.4


@dataclass(frozen=True)
class Minima:
    """What each class needs for the bootstrap of a metric.

    Attributes:
        rows: for each factor e that the level is below 1.
    """

    rows: float = 7.0

    def least_rows(self, alpha: float) -> int:
        """Rows, or groups of rows, that each class needs at a level.

        >>> Minima().least_rows(0.05), Minima().least_rows(0.05 / 52), Minima(rows=34.0).least_rows(0.05)
        (21, 49, 102)
        """
        return math.ceil(self.rows * math.log(1 / alpha))

    def too_few(
        self,
        y: Ints,
        differs: npt.NDArray[np.bool_],
        metric: str,
        *,
        margin: float,
        alpha: float,
        groups: npt.NDArray[np.generic] | None = None,
        constant: bool = False,
    ) -> str | None:
        """Why the bootstrap of a class proves nothing at this level, or None.

        Where a loss of ``-margin`` is to be ruled out, few disagreements speak for it, if the class has so many rows that a loss
        as large as that would have shown some. Against a constant guess the models disagree on all rows that it gets wrong, and
        the disagreements of all classes count together.

        Args:
            y: labels ``(n,)``.
            differs: the rows ``(n,)`` on which the two models disagree.
            metric: its name.
            margin: the difference that has to be exceeded; negative for non-inferiority.
            alpha: level of the test.
            groups: clusters ``(n,)``; they count instead of their rows.
            constant: whether the second model always gives the same answer.

        >>> y = np.repeat([0, 1], [250, 5])
        >>> Minima().too_few(y, np.ones(255, bool), "macro_f1", margin=0.0, alpha=0.05)
        'class number 1 has 5 test rows; at level 0.05 a bootstrap of macro_f1 needs 21'
        """
        unit = "test rows" if groups is None else "groups"
        keys = np.arange(len(y)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        rows, wanted, total = self.least_rows(alpha), least_disagreements(alpha), len(np.unique(keys[differs]))
        needs = f"at level {alpha:.3g} a bootstrap of {metric} needs"
        for code in np.unique(y):
            of_class = y == code
            n, disagree = len(np.unique(keys[of_class])), len(np.unique(keys[of_class & differs]))
            if n < rows:
                return f"class number {code} has {n} {unit}; {needs} {rows}"
            if constant:
                disagree = total
            enough = margin < 0 and n >= math.log(1 / alpha) / -margin
            if disagree < wanted and not enough:
                where = "" if constant else f" of class number {code}"
                return f"the models disagree on {disagree} {unit}{where}; {needs} {wanted}"
        return None


def least_disagreements(alpha: float) -> int:
    """Rows, or groups of rows, of each class on which the two models have to disagree.

    >>> least_disagreements(0.05), least_disagreements(0.05 / 52)
    (11, 24)
    """
    return math.ceil(_DISAGREEMENTS * math.log(1 / alpha))
