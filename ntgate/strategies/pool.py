"""A pool: a learner of source and target rows together, at several weights of the source.

Daume, "Frustratingly Easy Domain Adaptation", ACL 2007, calls it WEIGHTED: the simplest use of a source, and hard to beat with few
labels. The weight is not chosen: on few labels a choice is a guess, and the mean over weights errs less than most of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Positive, Whole
from ntgate.learners.base import Learner
from ntgate.learners.boosting import Boosting
from ntgate.learners.forest import ExtraTrees, RandomForest
from ntgate.learners.logistic import Logistic
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.strategies.cost import Cost
from ntgate.strategies.rank import Case, Rank


class Pool(Strategy, Learner):
    """Fit a learner at each weight of the source; the models are one committee.

    Attributes:
        source_weights: weights of all source rows together, in weights of all target rows together.
    """

    source_weights: tuple[Positive, ...] = Field((0.3, 1.0, 3.0), min_length=1, max_length=100)

    def weights(self, *, texts: bool) -> tuple[float, ...]:  # noqa: ARG002
        """Those of the source, where rows have ``texts`` and where they have none."""
        return self.source_weights

    def rank(self, case: Case) -> Rank:
        """Early where labels are few, for the source's rows steady it, and it takes no network."""
        if case.few:
            return Rank(0.4, f"{case.source_rows} source rows steady it where there are only {case.labels}")
        return Rank(1.4, f"{case.labels} and {case.source_rows} source rows together, in seconds")

    def seconds(self, cost: Cost) -> float:
        """That of a fit to both domains' rows, at each weight."""
        rows = cost.source_rows + cost.target_rows
        return len(self.weights(texts=False)) * cost.fits * self.fit_seconds(rows, cost.width, cost.classes)

    def train(self, arm: Arm) -> Trained:
        """Encode both domains alike, and fit the learner at each weight."""
        from ntgate.strategies.learner_fit import balanced, encoded, fit_learner

        view = arm.view
        unlabelled = [] if view.unlabelled is None else [view.unlabelled]
        source = view.source.relabelled(view.train.classes)
        weights = self.weights(texts=bool(view.source.texts))
        if not len(source):
            return fit_learner(arm, self, [encoded([view.train], view.source, *unlabelled)] * len(weights))
        rows, sizes = encoded([source, view.train], *unlabelled), [len(source), len(view.train)]
        pools = [replace(rows, weights=balanced(sizes, [weight, 1.0])) for weight in weights]
        return fit_learner(arm, self, pools)


class LinearPool(Pool, Logistic):
    """Logistic regressions of both domains: the quickest pool, and the one that reads texts.

    Attributes:
        text_source_weights: weights of the source where rows have texts: what a word is worth takes many rows to tell, and holds in
            more domains than numbers do.
    """

    kind: Literal["linear_pool"] = "linear_pool"
    label: ClassVar[str] = "pooled logistic regression"
    draws: ClassVar[bool] = False
    reads_texts: ClassVar[bool] = True
    text_source_weights: tuple[Positive, ...] = Field((3.0, 10.0, 30.0), min_length=1, max_length=100)

    def weights(self, *, texts: bool) -> tuple[float, ...]:
        """Heavier ones for texts."""
        return self.text_source_weights if texts else self.source_weights


class ForestPool(Pool, RandomForest):
    """Random forests of both domains: the pool that has to be told least; ``trees`` are those at each weight of the source."""

    kind: Literal["forest_pool"] = "forest_pool"
    label: ClassVar[str] = "pooled random forest"
    trees: Whole = Field(50, ge=2, le=10_000)


class ExtraTreesPool(Pool, ExtraTrees):
    """Extremely randomised trees of both domains; ``trees`` are those at each weight of the source."""

    kind: Literal["extra_trees_pool"] = "extra_trees_pool"
    label: ClassVar[str] = "pooled extremely randomised trees"
    trees: Whole = Field(50, ge=2, le=10_000)


class BoostingPool(Pool, Boosting):
    """Gradient boosting of both domains: the pool for tables."""

    kind: Literal["boosting_pool"] = "boosting_pool"
    label: ClassVar[str] = "pooled gradient boosting"
