"""Accuracy: the share of the rows that are right."""

from __future__ import annotations

from typing import ClassVar, Literal

from ntgate.evaluation.clusters import cluster_test
from ntgate.evaluation.gained import correct
from ntgate.evaluation.types import Floats, Ints
from ntgate.evaluation.unconditional import OUTSIDE
from ntgate.metrics.row_mean import RowMean, as_wholes, by_counts
from ntgate.metrics.tested import Level, Pair, Tested


class Accuracy(RowMean):
    """The share of the rows whose greatest score is that of their class.

    >>> import numpy as np
    >>> Accuracy().value(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]))
    0.5
    """

    kind: Literal["accuracy"] = "accuracy"
    greater_is_better: ClassVar[bool] = True
    percent: ClassVar[bool] = True
    probabilities: ClassVar[bool] = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Wrong and right."""
        return 0.0, 1.0

    def by_row(self, y: Ints, scores: Floats) -> Floats:
        """1 where a row is right."""
        return correct(y, scores)

    def judged(self, pair: Pair, level: Level) -> Tested:
        """An exact unconditional test; a test of whole groups where rows have them."""
        differences = self.differences(pair.y, pair.first, pair.second)
        gained, lost = int((differences > 0).sum()), int((differences < 0).sum())
        if pair.groups is None:
            return by_counts(gained, lost, len(pair.y), level)
        return Tested(*cluster_test(differences, pair.groups, level.margin, level.alpha), (gained, lost), as_wholes(pair))

    def least_p_value(self, alpha: float, resamples: int, *, grouped: bool = False) -> float:  # noqa: ARG002
        """What the exact test leaves out."""
        return 0.0 if grouped else OUTSIDE

    def in_words(self, value: float) -> str:
        """A share needs no name."""
        return self.display().value(value)
