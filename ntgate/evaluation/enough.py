"""Whether every class has rows and disagreements enough for the bootstrap.

Drawing the rows again knows nothing of what no row shows. With few rows of a class, or few on which the two models disagree, its
distribution is too narrow and its tails are empty: at a small level it then rejects true hypotheses many times as often as it
should. So below a minimum nothing is claimed. The minima grow with the logarithm of the level: that far into the tail the rows
have to reach. How often the bootstrap errs above them is in ``benchmarks/results/gate_error_rates.md``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.metrics import Metric

# For each factor e that the level is below 1. The order of the rows, which ROC AUC is about, hangs on few of them where the classes
# are well apart: with 250 and 50 rows and an AUC of 0.98 the bootstrap errs half as often again as it should, with 100 it does not.
_ROWS: dict[Metric, float] = {"balanced_accuracy": 7.0, "macro_f1": 7.0, "roc_auc": 34.0}
_DISAGREEMENTS = 3.4


def least_rows(metric: Metric, alpha: float) -> int:
    """Rows, or groups of rows, that each class needs for the bootstrap at a level.

    >>> least_rows("macro_f1", 0.05), least_rows("macro_f1", 0.05 / 52), least_rows("roc_auc", 0.05)
    (21, 49, 102)
    """
    return math.ceil(_ROWS[metric] * math.log(1 / alpha))


def least_disagreements(alpha: float) -> int:
    """Rows, or groups of rows, of each class on which the two models have to disagree.

    >>> least_disagreements(0.05), least_disagreements(0.05 / 52)
    (11, 24)
    """
    return math.ceil(_DISAGREEMENTS * math.log(1 / alpha))


def too_few(
    metric: Metric,
    y: npt.NDArray[np.int64],
    first: npt.NDArray[np.floating],
    second: npt.NDArray[np.floating],
    *,
    margin: float,
    alpha: float,
    groups: npt.NDArray[np.generic] | None = None,
    constant: bool = False,
) -> str | None:
    """Why the bootstrap of a class proves nothing at this level, or None.

    Where a loss of ``-margin`` is to be ruled out, few disagreements speak for it, if the class has so many rows that a loss as
    large as that would have shown some. Against a constant guess the models disagree on all rows that it gets wrong, and the
    disagreements of all classes count together.

    Args:
        metric: what is compared.
        y: labels ``(n,)``.
        first: scores ``(n, c)`` of one model.
        second: scores ``(n, c)`` of the other.
        margin: the difference that has to be exceeded; negative for non-inferiority.
        alpha: level of the test.
        groups: clusters ``(n,)``; they count instead of their rows.
        constant: whether the second model always gives the same answer.

    >>> y = np.repeat([0, 1], [250, 5])
    >>> too_few("macro_f1", y, np.eye(2)[y], np.eye(2)[1 - y], margin=0.0, alpha=0.05)
    'class number 1 has 5 test rows; at level 0.05 a bootstrap of macro_f1 needs 21'
    """
    unit = "test rows" if groups is None else "groups"
    keys = np.arange(len(y)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    differs = _disagree(metric, y, first, second)
    rows, wanted, total = least_rows(metric, alpha), least_disagreements(alpha), len(np.unique(keys[differs]))
    for code in np.unique(y):
        of_class = y == code
        n, disagree = len(np.unique(keys[of_class])), len(np.unique(keys[of_class & differs]))
        if n < rows:
            return f"class number {code} has {n} {unit}; at level {alpha:.3g} a bootstrap of {metric} needs {rows}"
        if constant:
            disagree = total
        enough = margin < 0 and n >= math.log(1 / alpha) / -margin
        if disagree < wanted and not enough:
            where = "" if constant else f" of class number {code}"
            return f"the models disagree on {disagree} {unit}{where}; at level {alpha:.3g} a bootstrap of {metric} needs {wanted}"
    return None


def _disagree(
    metric: Metric, y: npt.NDArray[np.int64], first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]
) -> npt.NDArray[np.bool_]:
    """The rows ``(n,)`` that tell the models apart."""
    if metric == "roc_auc":
        return np.asarray((first != second).any(axis=1))
    answers = first.argmax(axis=1), second.argmax(axis=1)
    if metric == "balanced_accuracy":
        return np.asarray((answers[0] == y) != (answers[1] == y))
    return np.asarray(answers[0] != answers[1])
