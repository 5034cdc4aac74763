"""The source model's scores as features: a linear model of the target that is told what the source would say.

Daume, "Frustratingly Easy Domain Adaptation", ACL 2007, section 2, calls it PRED. The target's labels say how far each class of the
source can be believed, so that the source may have other classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ntgate.base import Positive, Whole
from ntgate.learners.base import Encoded
from ntgate.learners.logistic import CLOSE, Logistic
from ntgate.learners.regressions import regressions
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.strategies.cost import Cost
from ntgate.strategies.rank import Case, Rank

if TYPE_CHECKING:
    from ntgate.models.base import Model


class SourceScores(Strategy, Logistic):
    """Logistic regression on target rows, whose columns are joined by the logarithms of a source model's class scores.

    Attributes:
        source_trees: of the source model, a forest of extremely randomised trees of source rows alone.
        importance: standard deviations of another column that a score counts as much as when it grows e-fold: the penalty holds it
            back so much less.
    """

    kind: Literal["source_scores"] = "source_scores"
    label: ClassVar[str] = "logistic regression on the source's scores"
    reads_texts: ClassVar[bool] = False
    source_trees: Whole = Field(100, ge=1, le=10_000)
    importance: Positive = 3.0

    def rank(self, case: Case) -> Rank:
        """Early where labels are few: one number a class of the source is soon learnt from."""
        return Rank(0.45 if case.few else 1.45, f"{case.labels} weigh what a model of {case.source_rows} source rows says")

    def seconds(self, cost: Cost) -> float:
        """That of the source's trees; the regression is nothing beside them."""
        from ntgate.strategies.source_learner import source_seconds

        return source_seconds(cost, self.source_trees) + cost.fits * self.fit_seconds(cost.target_rows, cost.width, cost.classes)

    def train(self, arm: Arm) -> Trained:
        """Fit the source's trees, then the regression."""
        from ntgate.learners.source_start import SourceStart
        from ntgate.strategies.learner_fit import fit_learner
        from ntgate.strategies.source_learner import source_learner

        source, rows = source_learner(arm, self.source_trees)
        return fit_learner(arm, self, [replace(rows, start=SourceStart.of_its_classes(source))])

    def fit(self, encoded: Encoded, settings: Sequence[float], seed: int) -> Sequence[Model]:  # noqa: ARG002
        """As logistic regression, on the wider rows."""
        from ntgate.shift.columns.feature_scale import feature_scale

        assert encoded.start is not None
        logs = encoded.start.logs(encoded)
        rows = np.hstack([encoded.rows, logs])
        scale = np.hstack([feature_scale(encoded.rows, encoded.weights), np.full(logs.shape[1], 1 / self.importance)])
        mean = np.average(rows, axis=0, weights=encoded.weights)
        found = regressions(encoded, (rows - mean) / scale, settings, scale=scale, mean=mean, close=CLOSE)
        return [encoded.start.linear(encoded, model.weight, model.bias) for model in found]
