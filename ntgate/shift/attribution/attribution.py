"""Drift attribution: which features moved, which pairs depend otherwise, and which rows are most typical of each domain."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import DataError
from ntgate.shift.arguments import Floats, check_least, check_level, listed, pair
from ntgate.shift.attribution.dependence import Dependence
from ntgate.shift.attribution.joint import joint_drift
from ntgate.shift.columns.feature_tests import FeatureTest, per_feature
from ntgate.shift.columns.robust_scale import scaled
from ntgate.shift.judgement import Tested, holm

Adjustment = Literal["bh", "by", "holm"]

_TYPICAL = 5  # rows named for each domain
_PAIRS = 10  # pairs named


class FeatureDrift(Frozen):
    """One feature.

    Attributes:
        name: of the feature.
        test: ``kolmogorov_smirnov`` for numbers; ``fisher`` or ``chi_squared`` for few distinct values; ``none`` if constant.
        effect: greatest difference of a probability between the domains, from 0 to 1, comparable between features.
        mean_difference: mean in ``y`` less mean in ``x``, in standard deviations within the domains, far-out values drawn in; 0 for
            a feature of categories.
        p_value: adjusted for the number of features.
        drifted: whether it is at most the level.
        share: the feature's part in the difference of the joint distributions, all features' shares adding up to 1; None when
            no such difference is shown.
    """

    name: str
    test: FeatureTest
    effect: float
    mean_difference: float
    p_value: float
    drifted: bool
    share: float | None


class PairDrift(Frozen):
    """Two features whose dependence changed.

    Attributes:
        names: of both.
        x: their rank correlation in ``x``.
        y: in ``y``.
        p_value: adjusted for the number of pairs.
    """

    names: tuple[str, str]
    x: float
    y: float
    p_value: float


class DriftAttribution(Frozen):
    """What moved.

    Attributes:
        features: those that drifted by effect, then the others by share; at most as many as asked for.
        tested: how many features were tested.
        drifted: how many of them drifted.
        pairs: the pairs whose dependence changed most, of those for which that is shown.
        pairs_tested: how many pairs were compared; 0 with fewer than 20 rows in a domain or more than 2048 features.
        pairs_drifted: how many pairs changed.
        mmd_p_value: of the joint distributions' difference on the rows looked at; None with fewer than 20 rows.
        typical_x: positions in ``x`` of the rows most typical of it, where the witness is greatest.
        typical_y: positions in ``y`` of the rows most typical of it, where the witness is least.
        rows: how many rows of each domain were looked at for pairs, shares and typical rows.
        alpha: level of the false discovery rate, of features and of pairs.
        adjustment: of the p-values.
        seconds: wall time.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(size=(100, 2)), rng.normal([0.0, 2.0], size=(100, 2))
    >>> found = drift_attribution(source, target, ("age", "income"))
    >>> found.drifted, found.features[0].name
    (1, 'income')
    """

    features: tuple[FeatureDrift, ...]
    tested: int
    drifted: int
    pairs: tuple[PairDrift, ...]
    pairs_tested: int
    pairs_drifted: int
    mmd_p_value: float | None
    typical_x: tuple[int, ...]
    typical_y: tuple[int, ...]
    rows: tuple[int, int]
    alpha: float
    adjustment: Adjustment
    seconds: float

    @property
    def sentence(self) -> str:
        """The drift in words."""
        return " ".join(part for part in (self._of_features(), self._of_pairs(), self._of_all()) if part)

    def _of_features(self) -> str:
        if not self.drifted:
            return f"None of {self.tested} features is shown to have moved on its own."
        first = self.features[0]
        moved = abs(first.mean_difference)
        way = f"{'up' if first.mean_difference > 0 else 'down'} by {moved:.2g} standard deviations"
        return (
            f"{self.drifted} of {self.tested} features moved, most of all {first.name!r} "
            f"({way if moved >= 0.1 else 'in its spread or shape'}, in at least {100 * first.effect:.0f} % of the rows)."
        )

    def _of_pairs(self) -> str:
        if not self.pairs:
            return ""
        first = self.pairs[0]
        return (
            f"{self.pairs_drifted} of {self.pairs_tested} pairs of features depend on each other otherwise, most of all "
            f"{first.names[0]!r} and {first.names[1]!r} (rank correlation {first.x:.2f} before, {first.y:.2f} now)."
        )

    def _of_all(self) -> str:
        if self.drifted or self.pairs or self.mmd_p_value is None or self.mmd_p_value > self.alpha:
            return ""
        most = listed([one.name for one in self.features if one.share], most=3)
        return f"Taken together they did move (p = {self.mmd_p_value:.2g}), most of all {most}."


def drift_attribution(
    x: Any,
    y: Any,
    names: Sequence[str] | None = None,
    *,
    labels: Sequence[str] | None = None,
    tested: Tested | None = None,
    alpha: float = 0.05,
    adjustment: Adjustment = "bh",
    top: int | None = 20,
    max_rows: int = 1000,
    permutations: int = 199,
    seed: int = 0,
) -> DriftAttribution:
    """Attribute the drift from ``x`` to ``y`` to features, pairs of features, and rows.

    Single features are tested on all rows (:func:`~ntgate.shift.columns.feature_tests.feature_tests`), pairs on a sample
    (:func:`~ntgate.shift.attribution.dependence.dependence_tests`). P-values of either family are adjusted so that of all
    features (or pairs) that are said to have moved a part ``alpha`` at most is expected not to have: by Benjamini and Hochberg,
    J. R. Stat. Soc. B 57 (1995), which holds for independent and for positively dependent tests, or on demand by Benjamini and
    Yekutieli, Annals of Statistics 29 (2001), which holds under any dependence and is stricter by ``1 + 1/2 + ... + 1/d``; or by
    Holm (1979), so that the chance of naming any that has not moved is at most ``alpha``.

    Shares (:func:`~ntgate.shift.attribution.feature_share.drops`) and typical rows
    (:func:`~ntgate.shift.attribution.witness.clearest_witness`) come from the MMD of the sample, with features divided by
    their scale. They are given only where its permutation test shows a difference, because noise has shares too. A feature can
    have a share and not have moved: its dependence on others did.

    Args:
        x: rows ``(n, d)``.
        y: rows ``(m, d)``.
        names: of the features; None: the columns' names of a data frame ``x``, or ``x0``, ``x1``, ...
        labels: the feature that each number belongs to: numbers of one feature are its categories, one-hot, and are tested and
            counted as one; None: each number is a feature.
        tested: the features' tests, where they were made already.
        alpha: level of the false discovery rates and of the MMD test.
        adjustment: ``bh``, ``by`` or ``holm``.
        top: how many features to name; None: all.
        max_rows: of each domain for pairs, shares and typical rows; more are sampled down.
        permutations: of the MMD test.
        seed: of sample, permutations and random tables.

    Raises:
        DataError: naming the argument, on rows that are not finite or differ in width, or names of another number.

    >>> rng = np.random.default_rng(0)
    >>> before, now = rng.normal(size=(300, 4)), rng.normal(size=(300, 4))
    >>> now[:, 2] += 1
    >>> found = drift_attribution(before, now, ["age", "rate", "pulse", "score"])
    >>> [feature.name for feature in found.features if feature.drifted], found.features[0].share > 0.9
    (['pulse'], True)
    """
    began = time.perf_counter()
    check_level(alpha)
    check_least(1, top=top, max_rows=max_rows, permutations=permutations)
    if adjustment not in get_args(Adjustment):
        raise DataError("adjustment", expected="bh, by or holm", got=repr(adjustment), fix="choose one of them")
    if names is None and hasattr(x, "columns"):
        names = [str(column) for column in x.columns]
    x, y = pair(x, y)
    names = [f"x{f}" for f in range(x.shape[1])] if names is None else list(names)
    if len(names) != x.shape[1]:
        raise DataError("names", expected=f"{x.shape[1]}, one a feature", got=str(len(names)), fix="name every feature")
    if labels is None:  # features of one name stay features of their own
        labels = names if len(set(names)) == len(names) else [f"{name} ({f})" for f, name in enumerate(names)]
    if len(labels) != len(names):
        raise DataError("labels", expected=f"{len(names)}, one a number", got=str(len(labels)), fix="label every number")
    tested = tested or per_feature(x, y, labels, seed=seed)
    adjusted = _adjusted(np.asarray(tested.p_values), adjustment)
    difference = dict(zip(reversed(labels), reversed(_mean_difference(x, y).tolist()), strict=True))
    joint = joint_drift(x, y, alpha, max_rows, permutations, seed, labels)
    parts: dict[str, float] = dict.fromkeys(labels, 0.0)
    for label, part in zip(labels, () if joint.shares is None else joint.shares.tolist(), strict=False):
        parts[label] += part
    numbers = Counter(labels)
    features = [
        FeatureDrift(
            name=name,
            test=cast(FeatureTest, test),
            effect=effect,
            mean_difference=difference[name] if numbers[name] == 1 else 0.0,
            p_value=float(p_value),
            drifted=bool(p_value <= alpha),
            share=float(parts[name]) if joint.shares is not None else None,
        )
        for name, effect, test, p_value in zip(tested.names, tested.effects, tested.tests, adjusted, strict=True)
    ]
    features.sort(key=lambda one: (not one.drifted, -(one.effect if one.drifted else one.share or 0.0), -one.effect))
    pairs, changed = _pairs(joint.dependence, names, alpha, adjustment)
    return DriftAttribution(
        features=tuple(features[:top]),
        tested=len(features),
        drifted=sum(one.drifted for one in features),
        pairs=pairs,
        pairs_tested=len(joint.dependence.pairs) if joint.dependence is not None else 0,
        pairs_drifted=changed,
        mmd_p_value=joint.p_value,
        typical_x=_typical(joint.witness.x, joint.chosen[0]) if joint.witness is not None else (),
        typical_y=_typical(-joint.witness.y, joint.chosen[1]) if joint.witness is not None else (),
        rows=(len(joint.chosen[0]), len(joint.chosen[1])),
        alpha=alpha,
        adjustment=adjustment,
        seconds=time.perf_counter() - began,
    )


def _pairs(
    found: Dependence | None, names: Sequence[str], alpha: float, adjustment: Adjustment
) -> tuple[tuple[PairDrift, ...], int]:
    """The pairs that changed most, and how many changed."""
    if found is None or not len(found.pairs):
        return (), 0
    adjusted = _adjusted(found.p_value, adjustment)
    changed = np.flatnonzero(adjusted <= alpha)
    most = changed[np.argsort(-np.abs(found.y[changed] - found.x[changed]), kind="stable")][:_PAIRS]
    return tuple(
        PairDrift(
            names=(names[found.pairs[k, 0]], names[found.pairs[k, 1]]),
            x=float(found.x[k]),
            y=float(found.y[k]),
            p_value=float(adjusted[k]),
        )
        for k in most
    ), len(changed)


def _adjusted(p_values: Floats, adjustment: Adjustment) -> Floats:
    from scipy.stats import false_discovery_control

    if adjustment == "holm":
        return holm(p_values.tolist())
    return np.asarray(false_discovery_control(p_values, method=adjustment))


def _mean_difference(x: Floats, y: Floats) -> npt.NDArray[np.float64]:
    """Differences of the means ``(d,)`` in standard deviations within the samples; 0 for a constant feature.

    Far-out values count no further than their fence: one broken reading is no move of the mean.
    """
    x, y = scaled(x, y)
    difference = y.mean(axis=0, dtype=np.float64) - x.mean(axis=0, dtype=np.float64)
    within = sum(len(part) * part.var(axis=0, dtype=np.float64) for part in (x, y)) / (len(x) + len(y))
    return np.asarray(difference / np.where(within > 0, np.sqrt(within), np.inf))


def _typical(values: Floats, chosen: npt.NDArray[np.int64]) -> tuple[int, ...]:
    """Positions of the rows with the greatest values."""
    return tuple(int(chosen[i]) for i in np.argsort(-values, kind="stable")[:_TYPICAL])
