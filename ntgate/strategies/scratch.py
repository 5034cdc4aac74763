"""From scratch: what can be made of the target's labels alone, by the learners that every transfer has too.

Negative transfer is defined against the same learner without the source (Wang et al., "Characterizing and Avoiding
Negative Transfer", CVPR 2019, definition 1). So these arms have the same learners and budget as the others, and see nothing of the
source: not its rows, its model, its encoder, nor its normalisation. What the gate compares with is their committee.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from ntgate.base import Positive, Whole
from ntgate.learners.base import Learner
from ntgate.learners.boosting import Boosting
from ntgate.learners.forest import ExtraTrees, RandomForest
from ntgate.learners.logistic import Logistic
from ntgate.strategies.base import Arm, Strategy, Trained, by_kind
from ntgate.strategies.cost import Cost


class NetworkScratch(Strategy):
    """Train the backbone on the labelled target rows alone."""

    kind: Literal["network"] = "network"
    label: ClassVar[str] = "a network from scratch"

    def train(self, arm: Arm) -> Trained:
        """Fit encoder, normaliser and network on the target training rows."""
        from ntgate.data.encoder import fit_encoder
        from ntgate.training.config import NetworkSpec
        from ntgate.training.network import build, default_backbone
        from ntgate.training.source import rows_of
        from ntgate.training.supervised import Supervised

        encoder = fit_encoder(arm.view.train)
        rows = rows_of(encoder, arm.view.train)
        shape = tuple(rows.x.shape[1:])
        spec = NetworkSpec(
            backbone=arm.backbone or default_backbone(shape), input_shape=shape, classes=len(arm.view.train.classes)
        )
        network = build(spec, arm.seed)
        network.normaliser.fit(rows.x)
        return arm.fit(Supervised(network), {"labelled": rows}, encoder)


class LearnerScratch(Strategy):
    """Fit a learner to the labelled target rows alone."""

    @property
    @abstractmethod
    def learner(self) -> Learner:
        """What is fitted."""

    def seconds(self, cost: Cost) -> float:
        """That of a fit to the target's rows."""
        return cost.fits * self.learner.seconds(cost.target_rows, cost.width, cost.classes)

    def train(self, arm: Arm) -> Trained:
        """Encode the target rows, and fit."""
        from ntgate.data.encoder import fit_encoder
        from ntgate.strategies.learnt import encoded, fit_learner

        return fit_learner(arm, self.learner, [encoded(fit_encoder(arm.view.train), [arm.view.train], [1.0])])


class LogisticScratch(LearnerScratch):
    """Logistic regression on target rows.

    Attributes:
        penalties: inverse L2 strengths to choose from.
    """

    kind: Literal["logistic"] = "logistic"
    label: ClassVar[str] = "logistic regression from scratch"
    penalties: tuple[Positive, ...] = Field((0.01, 0.1, 1.0), min_length=1, max_length=100)

    @property
    def learner(self) -> Logistic:
        """A logistic regression."""
        return Logistic(penalties=self.penalties)


class ForestScratch(LearnerScratch):
    """A random forest on target rows.

    Attributes:
        trees: how many there are.
    """

    kind: Literal["forest"] = "forest"
    label: ClassVar[str] = "a random forest from scratch"
    trees: Whole = Field(100, ge=2, le=10_000)

    @property
    def learner(self) -> RandomForest:
        """A random forest."""
        return RandomForest(trees=self.trees)


class ExtraTreesScratch(LearnerScratch):
    """Extremely randomised trees on target rows.

    Attributes:
        trees: how many there are.
    """

    kind: Literal["extra_trees"] = "extra_trees"
    label: ClassVar[str] = "extremely randomised trees from scratch"
    trees: Whole = Field(100, ge=2, le=10_000)

    @property
    def learner(self) -> ExtraTrees:
        """Extremely randomised trees."""
        return ExtraTrees(trees=self.trees)


class BoostingScratch(LearnerScratch):
    """Gradient boosting on target rows.

    Attributes:
        rounds: trees, for several classes one for each.
    """

    kind: Literal["boosting"] = "boosting"
    label: ClassVar[str] = "gradient boosting from scratch"
    rounds: Whole = Field(50, ge=1, le=10_000)

    @property
    def learner(self) -> Boosting:
        """Gradient boosting."""
        return Boosting(rounds=self.rounds)


AnyScratch: TypeAlias = Annotated[
    NetworkScratch | LogisticScratch | ForestScratch | ExtraTreesScratch | BoostingScratch, Field(discriminator="kind")
]
LEARNERS: dict[str, type[Strategy]] = {
    str(learner.model_fields["kind"].default): learner
    for learner in (NetworkScratch, LogisticScratch, ForestScratch, ExtraTreesScratch, BoostingScratch)
}
Portfolio: TypeAlias = Annotated[tuple[AnyScratch, ...], BeforeValidator(by_kind), Field(min_length=1)]
PORTFOLIO: tuple[AnyScratch, ...] = (
    NetworkScratch(), LogisticScratch(), ForestScratch(), ExtraTreesScratch(), BoostingScratch(),
)  # fmt: skip
