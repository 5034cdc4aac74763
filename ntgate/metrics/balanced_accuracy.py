"""Balanced accuracy: the mean over classes of the share of their rows that are right."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.gained import counts_by_class
from ntgate.evaluation.stratified import stratified_test, tables_drawn
from ntgate.evaluation.types import Floats, Ints
from ntgate.metrics.bootstrapped import Bootstrapped
from ntgate.metrics.by_class import hits_of_classes, mean_present
from ntgate.metrics.tested import Level, Pair, Tested


class BalancedAccuracy(Bootstrapped):
    """The mean of the recall over the classes that occur.

    >>> BalancedAccuracy().value(np.array([0, 0, 0, 1]), np.eye(2)[[0, 0, 0, 0]])
    0.5
    """

    kind: Literal["balanced_accuracy"] = "balanced_accuracy"
    greater_is_better: ClassVar[bool] = True
    percent: ClassVar[bool] = True
    probabilities: ClassVar[bool] = False
    resampled: ClassVar[bool] = False

    def weighted(self, y: Ints, scores: Floats, weights: Floats) -> Floats:
        """Under each weighting."""
        hits, actual, _ = hits_of_classes(y, scores, weights)
        return mean_present(hits / np.maximum(actual, 1), actual)

    def differs(self, y: Ints, first: Floats, second: Floats) -> npt.NDArray[np.bool_]:
        """Rows that one model alone gets right."""
        return np.asarray((first.argmax(axis=1) == y) != (second.argmax(axis=1) == y))

    def judged(self, pair: Pair, level: Level) -> Tested:
        """A test of the classes' gained and lost rows under the likeliest hypothesis; of groups of rows the bootstrap."""
        if pair.groups is not None:
            return super().judged(pair, level)
        counts = counts_by_class(pair.y, pair.first, pair.second)
        return Tested(*stratified_test(*counts, level.margin, level.alpha, resamples=level.resamples, seed=level.seed))

    def least_p_value(self, alpha: float, resamples: int, *, grouped: bool = False) -> float:
        """One more than none of the tables, or of the resamples of groups."""
        return 1 / (1 + (resamples if grouped else tables_drawn(alpha, resamples)))
