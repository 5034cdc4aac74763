"""Boosting that goes on from the source: the first trees of the target correct what the source's model gets wrong there.

Schapire, Rochery, Rahim & Gupta, "Incorporating Prior Knowledge into Boosting", ICML 2002, begin boosting at a given model; the
trees are those of Friedman, "Stochastic Gradient Boosting", Computational Statistics & Data Analysis 38, 2002.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from ntgate.base import NUMBER, Real, Whole
from ntgate.learners.base import Encoded, Learner
from ntgate.strategies.base import Arm, Facts, Strategy, Trained
from ntgate.strategies.cost import Cost
from ntgate.strategies.rank import Case, Rank

if TYPE_CHECKING:
    from ntgate.export.tree_graph import Tree
    from ntgate.models.base import Model

_MOST = 100  # classes: every round grows a tree for each, in half a millisecond


class ContinuedBoosting(Strategy, Learner):
    """Gradient boosting on target rows that begins at the logarithms of a source model's scores.

    Attributes:
        source_trees: of the source model, a forest of extremely randomised trees of source rows alone.
        rounds: numbers of trees to choose from, for several classes of one for each; none leaves the source's model as it is.
        learning_rate: what a tree counts.
        depth: questions between a tree's root and its leaves.
        leaf_rows: the fewest rows of a leaf, where there are ten times as many.
        share: of the rows that each tree is grown on.
    """

    kind: Literal["continued_boosting"] = "continued_boosting"
    label: ClassVar[str] = "gradient boosting continued from the source"
    called: ClassVar[str] = "gradient boosting continued from the source"
    noted: ClassVar[str] = "rounds"
    source_trees: Whole = Field(100, ge=1, le=10_000)
    rounds: tuple[Annotated[int, Field(ge=0, le=10_000), NUMBER], ...] = Field((0, 10, 25, 50), min_length=1, max_length=100)
    learning_rate: Real = Field(0.1, ge=1e-6, le=1)
    depth: Whole = Field(2, ge=1, le=30)
    leaf_rows: Whole = Field(5, ge=1, le=1_000_000)
    share: Real = Field(0.7, gt=0, le=1)

    @property
    def settings(self) -> tuple[float, ...]:
        """The numbers of rounds."""
        return tuple(map(float, self.rounds))

    def unsuitable(self, facts: Facts) -> str | None:
        """The scores that it goes on from are of the target's classes."""
        if set(facts.source_classes) & set(facts.target_classes):
            return None
        return "it goes on from what the source says of the target's classes, and they have none in common"

    def too_large(self, width: int, classes: int) -> str | None:  # noqa: ARG002
        """It grows a tree for each class."""
        return None if classes <= _MOST else f"{max(self.rounds)} trees for each of {classes} classes would take it minutes"

    def rank(self, case: Case) -> Rank:
        """Later than what weighs the source's scores: a tree has to learn what they are worth."""
        return Rank(0.55 if case.few else 1.55, f"{case.labels} correct what a model of {case.source_rows} source rows says")

    def fit_seconds(self, rows: int, width: int, classes: int) -> float:
        """A small tree for each class but one of two, which looks at few of the columns."""
        each = classes if classes > 2 else 1
        return max(self.rounds) * each * (4e-4 + 1e-7 * rows * math.sqrt(width))

    def seconds(self, cost: Cost) -> float:
        """That of the source's trees and of those that follow."""
        from ntgate.strategies.source_learner import source_seconds

        return source_seconds(cost, self.source_trees) + cost.fits * self.fit_seconds(cost.target_rows, cost.width, cost.classes)

    def train(self, arm: Arm) -> Trained:
        """Fit the source's trees, then those that follow."""
        from ntgate.learners.source_start import SourceStart
        from ntgate.strategies.learner_fit import fit_learner
        from ntgate.strategies.source_learner import source_learner

        source, rows = source_learner(arm, self.source_trees)
        return fit_learner(arm, self, [replace(rows, start=SourceStart.of_classes(source, rows.classes))])

    def fit(self, encoded: Encoded, settings: Sequence[float], seed: int) -> list[Model]:
        """Grow the trees of the greatest of ``settings``; the first of them are those of the others."""
        assert encoded.start is not None
        # Two classes share one sum, as in Boosting. A class without rows stays where the source has it.
        codes = np.unique(encoded.labels)
        grown = self._grown(encoded, encoded.start.logs(encoded)[:, codes], round(max(settings)), seed)
        adds = np.array([[-0.5, 0.5]]) if len(codes) == 2 else np.eye(len(codes))
        trees = [
            [
                _tree(tree.tree_, codes, self.learning_rate * adds[column], len(encoded.classes))
                for column, tree in enumerate(of_round)
            ]
            for of_round in grown
        ]
        start = encoded.start
        return [start.boosted(encoded, [tree for of_round in trees[: round(setting)] for tree in of_round]) for setting in settings]

    def _grown(self, encoded: Encoded, logs: npt.NDArray[np.float64], rounds: int, seed: int) -> Any:
        from sklearn.ensemble import GradientBoostingClassifier

        if not rounds:
            return []
        return (
            GradientBoostingClassifier(
                init=_Known(logs),
                n_estimators=rounds,
                learning_rate=self.learning_rate,
                max_depth=self.depth,
                min_samples_leaf=min(self.leaf_rows, max(1, len(encoded.labels) // 10)),
                subsample=self.share,
                max_features="sqrt",
                random_state=seed,
            )
            .fit(encoded.rows, encoded.labels, encoded.weights)
            .estimators_
        )


class _Known:
    """A first model, as scikit-learn asks for one, whose chances of the training rows are known."""

    def __init__(self, logs: npt.NDArray[np.float64]) -> None:
        powers = np.exp(logs - logs.max(axis=1, keepdims=True))
        self._chances: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)

    def fit(self, rows: Any, labels: Any, sample_weight: Any = None) -> _Known:  # noqa: ARG002
        """Nothing is left to learn."""
        return self

    def predict_proba(self, rows: Any) -> npt.NDArray[np.float64]:  # noqa: ARG002
        """The chances ``(n, c)`` of the training rows."""
        return self._chances


def _tree(grown: Any, codes: npt.NDArray[np.int64], adds: npt.NDArray[np.float64], classes: int) -> Tree:
    from ntgate.export.tree_graph import Tree

    value = np.zeros((grown.node_count, classes))
    value[:, codes] = grown.value[:, 0, :] * adds
    return Tree(grown.feature, grown.threshold, grown.children_left, grown.children_right, value)
