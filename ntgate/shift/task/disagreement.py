"""Whether source and target disagree on what a row's class is: a change of P(y|x), which no comparison of rows alone can see."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.shift.classifier.held_out import dealt_by_class
from ntgate.shift.classifier.logistic import fitted
from ntgate.shift.columns.robust_scale import standardised

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


class Disagreement(Frozen):
    """Two classifiers of one kind on the same target rows.

    Attributes:
        error_source: of the one that was trained on all source rows.
        error_target: of the one that was trained on target rows, cross-validated.
        gap: ``error_source - error_target``.
        interval: of the gap, level ``1 - alpha``.
        n_source: source rows trained on.
        n_target: target rows judged.
    """

    error_source: float
    error_target: float
    gap: float
    interval: tuple[float, float]
    n_source: int
    n_target: int

    @property
    def shown(self) -> bool:
        """Whether the source's classifier is shown to be worse. The contrary shows nothing: it may have had more rows."""
        return self.interval[0] > 0

    @property
    def sentence(self) -> str:
        """The disagreement in words."""
        errors = f"{100 * self.error_source:.0f} % of {self.n_target} target rows, one trained on the target's own on"
        if self.shown:
            return (
                f"A classifier trained on the source errs on {errors} {100 * self.error_target:.0f} %: labels depend on the "
                "rows in another way, or the source has no rows where the target has."
            )
        return (
            f"That labels depend on the rows in another way is not shown: a classifier trained on the source errs on {errors} "
            f"{100 * self.error_target:.0f} %."
        )


def disagreement(
    source: Floats, y_source: Ints, target: Floats, y_target: Ints, *, alpha: float, folds: int, seed: int
) -> Disagreement:
    """Compare both classifiers, logistic regression on features of one common scale, on each target row.

    The interval is the adjusted Wald interval of Bonett and Price, "Adjusted Wald confidence interval for a difference of
    binomial proportions based on paired data", J. Educ. Behav. Stat. 37 (2012), equation 9.

    Args:
        source: rows ``(n, d)``.
        y_source: codes ``(n,)``, of two classes at least.
        target: rows ``(m, d)``.
        y_target: codes ``(m,)`` into the same classes, each with two rows at least.
        alpha: one minus the level of the interval.
        folds: of the cross-validation.
        seed: of the folds.
    """
    from scipy.stats import norm

    rows = standardised(np.concatenate([source, target]))
    source, target = rows[: len(source)], rows[len(source) :]
    foreign = fitted(source, y_source).predict(target) != y_target
    own = np.empty(len(target), dtype=bool)
    fold = dealt_by_class(y_target, folds, np.random.default_rng(seed))
    for k in np.unique(fold):
        held = fold == k
        own[held] = fitted(target[~held], y_target[~held]).predict(target[held]) != y_target[held]
    m = len(target)
    lost, gained = ((int((a & ~b).sum()) + 1) / (m + 2) for a, b in ((foreign, own), (own, foreign)))
    half = norm.isf(alpha / 2) * np.sqrt((lost + gained - (lost - gained) ** 2) / (m + 2))
    return Disagreement(
        error_source=float(foreign.mean()),
        error_target=float(own.mean()),
        gap=float(foreign.mean() - own.mean()),
        interval=(max(-1.0, float(lost - gained - half)), min(1.0, float(lost - gained + half))),
        n_source=len(source),
        n_target=m,
    )
