"""Label shift: whether class proportions differ between the domains, and what they are in a target without labels.

Lipton, Wang and Smola, "Detecting and Correcting for Label Shift with Black Box Predictors", ICML 2018: from a classifier's
confusion matrix on held-out source rows, and from how it predicts target rows. All numbers rest on the assumption that rows of
one class are distributed alike in both domains; if they are not, the predictions differ for another reason.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import DataError
from ntgate.shift.arguments import check_least, check_level, label_codes, listed
from ntgate.shift.proportions.mixture import Predictions, Resolution, plain_solutions, proportions, resolution

_MOST_DRAWN = 4_000_000  # random counts held at a time


class ClassShare(Frozen):
    """One class in both domains.

    Attributes:
        name: of the class.
        source: its share of the source rows.
        target: its estimated share of the target; None when the source has no rows of it.
        interval: of the target share.
        weight: ``target / source``, at most ``max_weight``: the importance weight of a source row of this class.
    """

    name: str
    source: float
    target: float | None
    interval: tuple[float, float] | None
    weight: float | None


class LabelShift(Frozen):
    """Class proportions of both domains, with what they rest on.

    Attributes:
        shares: one entry a class.
        p_value: ``(1 + b) / (B + 1)`` of the test that classes are predicted equally often in both domains.
        alpha: the level; intervals have level ``1 - alpha``.
        identifiable: whether the confusion matrix tells every class apart, beyond sampling error.
        consistent: whether class proportions alone can have changed the predictions. If not, the shares mean nothing: the target
            is no mixture of the source's classes. Seen in the predictions, as some class would need a share below 0, or in the rows
            themselves (:func:`~ntgate.shift.proportions.explained.explained`).
        reason: why it is not identifiable or not consistent; empty otherwise.
        condition: the condition number of the confusion matrix; None when it is singular.
        n_source: held-out source rows.
        n_target: target rows.
        permutations: ``B``.

    >>> import numpy as np
    >>> labels, mostly_yes = np.repeat([0, 1], 100), np.repeat([0, 1], [50, 150])
    >>> found = label_shift(labels, labels, mostly_yes, ("no", "yes"))
    >>> [f"{share.name} {share.source:.2f} {share.target:.2f}" for share in found.shares], found.p_value < found.alpha
    (['no 0.50 0.25', 'yes 0.50 0.75'], True)
    """

    shares: tuple[ClassShare, ...]
    p_value: float
    alpha: float
    identifiable: bool
    consistent: bool
    reason: str
    condition: float | None
    n_source: int
    n_target: int
    permutations: int

    @property
    def significant(self) -> bool:
        """Whether the p-value is at most the level."""
        return self.p_value <= self.alpha

    @property
    def sentence(self) -> str:
        """The shift in words."""
        doubt = f" Not to be relied upon: {self.reason}." if self.reason else ""
        if not self.significant:
            return f"No change of class proportions shown (p = {self.p_value:.3g}).{doubt}"
        if not self.consistent:
            return (
                f"Classes are predicted in other proportions (p = {self.p_value:.3g}), but more than proportions changed: "
                f"{self.reason}."
            )
        known = [share for share in self.shares if share.target is not None]
        most = max(known, key=lambda share: abs((share.target or 0.0) - share.source))
        low, high = most.interval or (0.0, 1.0)
        return (
            f"Classes are predicted in other proportions (p = {self.p_value:.3g}): if nothing else changed, class {most.name!r} "
            f"is {100 * (most.target or 0.0):.0f} % of the target ({100 * low:.0f} to {100 * high:.0f}) and "
            f"{100 * most.source:.0f} % of the source.{doubt}"
        )


def label_shift(
    y_source: Any,
    predicted_source: Any,
    predicted_target: Any,
    classes: tuple[str, ...],
    *,
    alpha: float = 0.05,
    seed: int = 0,
    permutations: int = 1999,
    resamples: int = 500,
    max_weight: float = 50.0,
) -> LabelShift:
    """Estimate class proportions of the target and test whether predictions changed.

    The test is BBSD of Rabanser, Guennemann and Lipton, "Failing Loudly", NeurIPS 2019, on counts of predicted classes: the
    chi-squared statistic with a permutation p-value, whose level holds for small counts too. Proportions solve ``A q = mu``
    on the simplex. Where a singular value of ``A`` is less than three standard errors above zero, they are drawn towards the
    source proportions (a ridge penalty, as in Azizzadenesheli et al., ICLR 2019), the result is not ``identifiable``, and the
    interval of each confused class runs from 0 to the share of all confused classes together.

    Args:
        y_source: codes ``(n,)`` into ``classes``.
        predicted_source: held-out predictions of the source rows: codes ``(n,)`` or probabilities ``(n, c)``. Rows that the
            classifier was trained on would make it seem better than it is; see
            :func:`~ntgate.shift.held_out_predictions`.
        predicted_target: predictions of target rows ``(m,)`` or ``(m, c)``, by the same classifier.
        classes: the class names.
        alpha: level of the test, and of the intervals.
        seed: of permutations and bootstrap.
        permutations: of the test.
        resamples: of the Bayesian bootstrap (Rubin, Annals of Statistics 9 (1981)) over the rows of both domains; 500 take less
            than a second with 100 classes, and a quarter of a minute with 300.
        max_weight: bound of the weights.

    Raises:
        DataError: naming the argument, on labels that are no codes, or predictions of another form.

    >>> rng = np.random.default_rng(0)
    >>> y, predicted = np.repeat([0, 1], 500), np.repeat([0, 1], 500)
    >>> found = label_shift(y, predicted, np.repeat([0, 1], [300, 100]), ("a", "b"))
    >>> found.shares[0].target, found.significant
    (0.75, True)
    """
    _check(classes, alpha, permutations, resamples, max_weight)
    y = label_codes(y_source, classes, "y_source")
    source = _predictions(predicted_source, classes, "predicted_source", rows=len(y))
    target = _predictions(predicted_target, classes, "predicted_target")
    if source.hard != target.hard:
        raise DataError(
            "predicted_target",
            expected="codes or probabilities, as in predicted_source",
            got="the other of the two",
            fix="give both in one form",
        )
    of_test, of_bootstrap = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    share = np.bincount(y, minlength=len(classes)) / len(y)
    present = np.flatnonzero(share)
    by_class = [source.take(y == k) for k in present]
    confusion = np.stack([predictions.mean() for predictions in by_class], axis=1)
    resolved = resolution(confusion, by_class)
    prior = share[present]
    found = proportions(confusion[None], target.mean()[None], resolved.penalty, prior)[0]
    matrices = np.stack([predictions.means(resamples, of_bootstrap) for predictions in by_class], axis=2)
    means = target.means(resamples, of_bootstrap)
    drawn = proportions(matrices, means, resolved.penalty, prior)
    # A share below 0 in all but so few resamples that chance blames any of the classes at most as often as the level says.
    impossible = (~(plain_solutions(matrices, means) <= 0)).mean(axis=0) < alpha / len(classes)
    impossible &= not resolved.confused.any()
    low, high = _intervals(found, drawn, resolved, alpha)
    at = {int(k): i for i, k in enumerate(present)}
    return LabelShift(
        shares=tuple(
            ClassShare(
                name=name,
                source=float(share[k]),
                target=float(found[at[k]]) if k in at else None,
                interval=(float(low[at[k]]), float(high[at[k]])) if k in at else None,
                weight=min(float(found[at[k]] / share[k]), max_weight) if k in at else None,
            )
            for k, name in enumerate(classes)
        ),
        p_value=_p_value(source, target, permutations, of_test),
        alpha=alpha,
        identifiable=len(present) == len(classes) and not resolved.confused.any(),
        consistent=not impossible.any(),
        reason=_reason(classes, present, resolved, impossible),
        condition=resolved.condition if np.isfinite(resolved.condition) else None,
        n_source=len(y),
        n_target=len(target.values),
        permutations=permutations,
    )


def _intervals(
    found: npt.NDArray[np.float64], drawn: npt.NDArray[np.float64], resolved: Resolution, alpha: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    low, high = np.quantile(drawn, [alpha / 2, 1 - alpha / 2], axis=0)
    confused = resolved.confused
    if confused.any():
        # Only the sum of their shares is known.
        low[confused], high[confused] = 0.0, np.quantile(drawn[:, confused].sum(axis=1), 1 - alpha / 2)
    return np.minimum(low, found), np.maximum(high, found)


def _p_value(source: Predictions, target: Predictions, permutations: int, rng: np.random.Generator) -> float:
    """The chi-squared statistic of predicted counts among those of random divisions of the pooled rows."""
    counts = np.stack([np.bincount(part.codes, minlength=part.classes) for part in (source, target)])
    pooled = counts.sum(axis=0)
    counts, pooled = counts[:, pooled > 0], pooled[pooled > 0]
    n = int(counts[0].sum())
    expected = n * pooled / pooled.sum()
    # With both margins fixed, the statistic grows with this sum.
    observed = float(((counts[0] - expected) ** 2 / pooled).sum())
    step = max(1, _MOST_DRAWN // len(pooled))
    extreme = 0
    for start in range(0, permutations, step):
        drawn = rng.multivariate_hypergeometric(pooled, n, size=min(step, permutations - start), method="marginals")
        extreme += int((((drawn - expected) ** 2 / pooled).sum(axis=1) >= observed * (1 - 1e-9)).sum())
    return (1 + extreme) / (permutations + 1)


def _reason(
    classes: tuple[str, ...], present: npt.NDArray[np.intp], resolved: Resolution, impossible: npt.NDArray[np.bool_]
) -> str:
    reasons = []
    absent = [name for k, name in enumerate(classes) if k not in present]
    if absent:
        reasons.append(f"no source rows of {listed(absent)}, the others are estimated as if the target had none either")
    confused = [classes[present[i]] for i in np.flatnonzero(resolved.confused)]
    if confused:
        reasons.append(f"the classifier is not shown to tell {listed(confused)} apart")
    if impossible.any():
        below = listed([classes[present[i]] for i in np.flatnonzero(impossible)])
        reasons.append(f"more than class proportions changed, since {below} would need a share below 0")
    return "; ".join(reasons)


def _predictions(value: Any, classes: tuple[str, ...], name: str, *, rows: int | None = None) -> Predictions:
    found = np.asarray(value)
    if found.ndim != 2:
        return Predictions(label_codes(found, classes, name, rows=rows), len(classes))
    expected = f"probabilities of {len(classes)} classes, each row of sum 1"
    if found.shape[1] != len(classes) or (rows is not None and len(found) != rows) or len(found) == 0:
        shape = f"({rows if rows is not None else 'm'}, {len(classes)})"
        raise DataError(name, expected=f"shape {shape}", got=f"{found.shape}", fix="give one row of scores a row")
    if found.dtype.kind not in "fiub":
        raise DataError(name, expected=expected, got=f"dtype {found.dtype}", fix="give numbers")
    found = found.astype(np.float64)
    if not (np.isfinite(found).all() and (found >= 0).all() and np.allclose(found.sum(axis=1), 1, atol=1e-3)):
        raise DataError(name, expected=expected, got="others", fix="apply softmax to scores first")
    return Predictions(found / found.sum(axis=1, keepdims=True), len(classes))


def _check(classes: tuple[str, ...], alpha: float, permutations: int, resamples: int, max_weight: float) -> None:
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise DataError("classes", expected="at least two different names", got=f"{classes}", fix="name the classes")
    check_level(alpha)
    check_least(1, permutations=permutations, resamples=resamples)
    if not max_weight >= 1:
        raise DataError("max_weight", expected="at least 1", got=f"{max_weight}", fix="use 50")
