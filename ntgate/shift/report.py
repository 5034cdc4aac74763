"""The shift report: all measures of one pair of domains, and what they come to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from ntgate.base import Frozen
from ntgate.errors import DataError
from ntgate.shift import words
from ntgate.shift.attribution.attribution import DriftAttribution
from ntgate.shift.config import ShiftConfig
from ntgate.shift.judgement import MovedFeature, ShiftOutcome, Tested, judge, levels, permutations_for, verdict
from ntgate.shift.proportions.class_proportions import LabelShift
from ntgate.shift.task.tasks import TaskDifference

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ntgate.shift.classifier.a_distance import ProxyADistance
    from ntgate.shift.columns.features import Features
    from ntgate.shift.kernel.mmd import MmdResult

__all__ = [
    "FEWEST",
    "Representation",
    "ShiftOutcome",
    "ShiftReport",
    "measure",
    "measured",
    "measured_features",
    "shift_report",
    "verdict",
]

Representation = Literal["raw", "embedding"]

FEWEST = 5  # rows of a domain: the folds of the domain classifier
_NAMED = 20  # moved features that a report names


class ShiftReport(Frozen):
    """How far the target is from the source.

    Attributes:
        mmd2: signed unbiased MMD^2 at the median bandwidth.
        p_value: of the permutation test over all bandwidths.
        alpha: the level of all looks together.
        joint_level: the part of it that ``p_value`` is compared with; None where it is all of it.
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
        significant: whether a shift is shown: by the permutation test, or by a single feature.
        tolerated_effect: the effect size up to which a significant shift is tolerated.
        outcome: ``none`` when not significant, ``tolerated`` when significant and within what is tolerated, else ``shift``.
        features_tested: how many features were tested on their own; 0 where the rows have none that anybody knows.
        features_p_value: the least of their p-values, adjusted for their number (Holm).
        features_level: the level that it is compared with: a part of ``alpha``, and all of it once the joint test shows a shift.
        features_moved: how many are shown to have moved at that level.
        moved: those, greatest effect first; at most 20.
        notes: what about the columns stood in the way of a comparison, a sentence each.
        attribution: which features moved; None where it was not asked for.
        label_shift: whether the proportions of the classes changed; None where it cannot be told.
        task: how the classes of both domains compare; None where the target has no labels.
        seconds: wall time.
    """

    mmd2: float
    p_value: float
    alpha: float
    joint_level: float | None = None
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
    features_tested: int = 0
    features_p_value: float | None = None
    features_level: float | None = None
    features_moved: int = 0
    moved: tuple[MovedFeature, ...] = ()
    notes: tuple[str, ...] = ()
    attribution: DriftAttribution | None = None
    label_shift: LabelShift | None = None
    task: TaskDifference | None = None
    seconds: float

    @property
    def sentence(self) -> str:
        """The shift in words."""
        return words.verdict(self)

    @property
    def classifier(self) -> str:
        """What the domain classifier found, in words."""
        return words.classifier(self)


def measured(
    source: npt.NDArray[np.float32],
    target: npt.NDArray[np.float32],
    config: ShiftConfig,
    seed: int,
    *,
    representation: Representation,
    blocks: Sequence[str] | None = None,
    tested: Tested | None = None,
    notes: Sequence[str] = (),
) -> tuple[ShiftReport, MmdResult]:
    """Measure the shift between two sets of rows ``(n, d)`` and ``(m, d)``.

    Each feature is first brought to one robust scale (:mod:`ntgate.shift.columns.robust_scale`), so that no unit and no broken
    value dominates the kernel. Beyond ``config.max_rows`` rows of a domain a seeded sample is measured.

    Args:
        source: rows ``(n, d)``.
        target: rows ``(m, d)``.
        config: level, permutations and what is tolerated.
        seed: of everything random.
        representation: what the rows are.
        blocks: the feature that each of the ``d`` numbers belongs to, where several are the categories of one.
        tested: the tests of the features that people know; None: each of the ``d`` numbers, or block of them, is tested.
        notes: sentences about the columns.

    Returns:
        The report, and the joint test in it.

    Raises:
        DataError: when a domain has fewer than 5 rows, or all rows are the same.
    """
    import numpy as np

    from ntgate.shift.classifier.a_distance import proxy_a_distance
    from ntgate.shift.columns.feature_tests import per_feature
    from ntgate.shift.columns.robust_scale import scaled
    from ntgate.shift.kernel.mmd import mmd_test

    began = time.perf_counter()
    for name, rows in (("source", source), ("target", target)):
        if len(rows) < FEWEST:
            raise DataError(name, expected=f"at least {FEWEST} rows to measure", got=str(len(rows)), fix="add rows")
    if tested is None:
        tested = per_feature(source, target, blocks or [f"x{i}" for i in range(source.shape[1])], seed=seed)
    rng = np.random.default_rng(seed)
    first, second = (
        rows if len(rows) <= config.max_rows else rows[np.sort(rng.permutation(len(rows))[: config.max_rows])]
        for rows in (source, target)
    )
    first, second = scaled(first, second, blocks, seed=seed)
    test = mmd_test(first, second, permutations=permutations_for(config), seed=seed)
    distance = proxy_a_distance(first, second, seed=seed)
    counts = len(first), len(second)
    return shift_report(test, distance, counts, tested, config, representation=representation, notes=notes, began=began), test


def measure(
    source: npt.NDArray[np.float32],
    target: npt.NDArray[np.float32],
    config: ShiftConfig,
    seed: int,
    *,
    representation: Representation,
    blocks: Sequence[str] | None = None,
    tested: Tested | None = None,
    notes: Sequence[str] = (),
) -> ShiftReport:
    """The report of :func:`measured`, which says what the arguments are."""
    return measured(source, target, config, seed, representation=representation, blocks=blocks, tested=tested, notes=notes)[0]


def measured_features(features: Features, config: ShiftConfig, seed: int) -> tuple[ShiftReport, MmdResult]:
    """That of :func:`measured` for rows whose numbers have names, each feature tested by what is known of it."""
    return measured(
        features.source,
        features.target,
        config,
        seed,
        representation="raw",
        blocks=features.labels,
        tested=features.tested(seed=seed),
        notes=features.notes,
    )


def shift_report(
    test: MmdResult,
    distance: ProxyADistance,
    rows: tuple[int, int],
    tested: Tested,
    config: ShiftConfig,
    *,
    representation: Representation,
    notes: Sequence[str] = (),
    began: float,
) -> ShiftReport:
    """The report of measures that somebody made, judged by the one rule there is."""
    judged = judge(test.p_value, test.effect_size, tested, config, embedded=representation == "embedding")
    joint_level, _ = levels(config.alpha, len(tested.names))
    return ShiftReport(
        mmd2=test.statistic,
        p_value=test.p_value,
        alpha=config.alpha,
        joint_level=joint_level,
        null_quantiles=test.null_quantiles,
        permutations=test.permutations,
        bandwidths=test.bandwidths,
        effect_size=test.effect_size,
        effect_interval=test.effect_interval,
        proxy_a_distance=distance.distance,
        proxy_a_distance_interval=distance.interval,
        n_source=rows[0],
        n_target=rows[1],
        representation=representation,
        significant=judged.significant,
        tolerated_effect=config.tolerated_effect,
        outcome=judged.outcome,
        features_tested=len(tested.names),
        features_p_value=judged.features_p_value,
        features_level=judged.features_level if len(tested.names) else None,
        features_moved=len(judged.moved),
        moved=judged.moved[:_NAMED],
        notes=tuple(notes),
        seconds=time.perf_counter() - began,
    )
