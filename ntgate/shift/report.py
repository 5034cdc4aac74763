"""The shift report: all measures of one pair of domains."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from ntgate.base import Frozen
from ntgate.errors import DataError
from ntgate.shift.attribution import DriftAttribution
from ntgate.shift.class_proportions import LabelShift
from ntgate.shift.config import ShiftConfig
from ntgate.shift.tasks import TaskDifference

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Representation = Literal["raw", "embedding"]
ShiftOutcome = Literal["none", "tolerated", "shift"]

FEWEST = 5  # rows of a domain: the folds of the domain classifier


class ShiftReport(Frozen):
    """How far the target is from the source.

    Attributes:
        mmd2: signed unbiased MMD^2 at the median bandwidth.
        p_value: of the permutation test over all bandwidths.
        alpha: the level it is compared with.
        null_quantiles: the 50, 90, 95 and 99 % quantiles of ``mmd2`` under permutation.
        permutations: of that test.
        bandwidths: kernel widths.
        effect_size: coefficient of inhomogeneity, from 0 (same) to 1 (far apart).
        effect_interval: its 95 % interval.
        proxy_a_distance: from 0 (a classifier cannot tell the domains apart) to 2 (it never errs).
        proxy_a_distance_interval: its 95 % interval.
        n_source: source rows measured.
        n_target: target rows measured.
        representation: whether the rows were measured as they are or as embeddings of the source model.
        significant: whether the p-value is at most the configured level.
        tolerated_effect: the effect size up to which a significant shift is tolerated.
        outcome: ``none`` when not significant, ``tolerated`` when significant and within the tolerated effect, else ``shift``.
        attribution: which features moved; None where it was not asked for.
        label_shift: whether the proportions of the classes changed; None where it cannot be told.
        task: how the classes of both domains compare; None where the target has no labels.
        seconds: wall time.
    """

    mmd2: float
    p_value: float
    alpha: float
    null_quantiles: tuple[float, float, float, float]
    permutations: int
    bandwidths: tuple[float, ...]
    effect_size: float
    effect_interval: tuple[float, float]
    proxy_a_distance: float
    proxy_a_distance_interval: tuple[float, float]
    n_source: int
    n_target: int
    representation: Representation
    significant: bool
    tolerated_effect: float
    outcome: ShiftOutcome
    attribution: DriftAttribution | None = None
    label_shift: LabelShift | None = None
    task: TaskDifference | None = None
    seconds: float

    @property
    def sentence(self) -> str:
        """The shift in words."""
        if not self.significant:
            return f"No shift shown (p = {self.p_value:.3g}): the domains may still differ in ways too small to see."
        far = self.proxy_a_distance
        size = "strong" if far >= 1 else "moderate" if far >= 0.4 else "slight"
        right = 100 * (1 - (1 - far / 2) / 2)
        sentence = (
            f"A {size} shift (p = {self.p_value:.3g}): a linear classifier tells source from target rows "
            f"with {right:.0f} % accuracy."
        )
        if self.outcome == "tolerated":
            sentence += f" Its effect size {self.effect_size:.3g} is within the tolerated {self.tolerated_effect:.3g}."
        return sentence


def verdict(significant: bool, effect_size: float, tolerated: float) -> ShiftOutcome:
    """Whether a shift is to be acted upon.

    The p-value has shown that there is a shift; the effect size only grades it, and is compared as a point. Asking for the
    lower end of its interval would call a large shift tolerated where rows are few (30 target rows against a tolerated 0.05: a
    shift of 0.085 is called in 40 % of all cases instead of 93 %), and missing evidence must never read as "no shift". An alarm
    too many costs a retraining that the gate judges anyway. Nothing is tolerated at 0, not even a shift whose estimate is 0: it
    may be visible at another bandwidth alone.

    >>> verdict(True, 0.01, 0.0), verdict(True, 0.01, 0.05), verdict(False, 0.2, 0.05), verdict(True, 0.0, 0.0)
    ('shift', 'tolerated', 'none', 'shift')
    """
    if not significant:
        return "none"
    return "tolerated" if tolerated > 0 and effect_size <= tolerated else "shift"


def measure(
    source: npt.NDArray[np.float32],
    target: npt.NDArray[np.float32],
    config: ShiftConfig,
    seed: int,
    *,
    representation: Representation,
) -> ShiftReport:
    """Measure the shift between two sets of rows ``(n, d)`` and ``(m, d)``.

    Each feature is first divided by its pooled standard deviation, so that no unit dominates the kernel. Beyond
    ``config.max_rows`` rows of a domain a seeded sample is measured.

    Raises:
        DataError: when a domain has fewer than 5 rows, or all rows are the same.
    """
    import numpy as np

    from ntgate.shift.domain_classifier import proxy_a_distance
    from ntgate.shift.feature_scale import feature_scale
    from ntgate.shift.mmd import mmd_test

    began = time.perf_counter()
    for name, rows in (("source", source), ("target", target)):
        if len(rows) < FEWEST:
            raise DataError(name, expected=f"at least {FEWEST} rows to measure", got=str(len(rows)), fix="add rows")
    rng = np.random.default_rng(seed)
    first, second = (
        rows if len(rows) <= config.max_rows else rows[np.sort(rng.permutation(len(rows))[: config.max_rows])]
        for rows in (source, target)
    )
    scale = feature_scale(np.concatenate([first, second]))
    test = mmd_test(first / scale, second / scale, permutations=config.permutations, seed=seed)
    distance = proxy_a_distance(first, second, seed=seed)
    significant = test.p_value <= config.alpha
    return ShiftReport(
        mmd2=test.statistic,
        p_value=test.p_value,
        alpha=config.alpha,
        null_quantiles=test.null_quantiles,
        permutations=config.permutations,
        bandwidths=test.bandwidths,
        effect_size=test.effect_size,
        effect_interval=test.effect_interval,
        proxy_a_distance=distance.distance,
        proxy_a_distance_interval=distance.interval,
        n_source=len(first),
        n_target=len(second),
        representation=representation,
        significant=significant,
        tolerated_effect=config.tolerated_effect,
        outcome=verdict(significant, test.effect_size, config.tolerated_effect),
        seconds=time.perf_counter() - began,
    )
