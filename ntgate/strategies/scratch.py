"""From scratch: what can be made of the target's labels alone, by the learners that every transfer has too.

Negative transfer is defined against the same learner without the source (Wang et al., "Characterizing and Avoiding
Negative Transfer", CVPR 2019, definition 1). So these arms have the same learners and budget as the others, and see nothing of the
source: not its rows, its model, its encoder, nor its normalisation. What the gate compares with is their committee.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from ntgate.learners.base import Learner
from ntgate.learners.boosting import Boosting
from ntgate.learners.forest import ExtraTrees, RandomForest
from ntgate.learners.logistic import Logistic
from ntgate.strategies.base import Arm, Strategy, Trained, by_kind
from ntgate.strategies.cost import Cost


class NetworkScratch(Strategy):
    """Train the backbone on the labelled target rows alone."""

    needs_source_rows: ClassVar[bool] = False
    kind: Literal["network"] = "network"
    label: ClassVar[str] = "a network from scratch"

    def train(self, arm: Arm) -> Trained:
        """Fit encoder, normaliser and network on the target training rows."""
        from ntgate.data.encoder import fit_encoder
        from ntgate.training.config import NetworkSpec, default_backbone
        from ntgate.training.network import build
        from ntgate.training.source import rows_of
        from ntgate.training.supervised import Supervised

        encoder = fit_encoder(arm.view.train)
        rows = rows_of(encoder, arm.view.train)
        shape = tuple(rows.x.shape[1:])
        spec = NetworkSpec(backbone=arm.backbone or default_backbone(shape), input_shape=shape, classes=len(arm.view.train.classes))
        network = build(spec, arm.seed)
        network.normaliser.fit(rows.x)
        return arm.fit(Supervised(network), {"labelled": rows}, encoder)


class LearnerScratch(Strategy, Learner):
    """Fit a learner to the labelled target rows alone."""

    needs_source_rows: ClassVar[bool] = False

    def seconds(self, cost: Cost) -> float:
        """That of a fit to the target's rows."""
        return cost.fits * self.fit_seconds(cost.target_rows, cost.width, cost.classes)

    def train(self, arm: Arm) -> Trained:
        """Encode the target rows, and fit."""
        from ntgate.strategies.learner_fit import encoded, fit_learner

        return fit_learner(arm, self, [encoded([arm.view.train])])


class LogisticScratch(LearnerScratch, Logistic):
    """Logistic regression on target rows."""

    kind: Literal["logistic"] = "logistic"
    label: ClassVar[str] = "logistic regression from scratch"
    reads_texts: ClassVar[bool] = True
    draws: ClassVar[bool] = False


class ForestScratch(LearnerScratch, RandomForest):
    """A random forest on target rows."""

    kind: Literal["forest"] = "forest"
    label: ClassVar[str] = "a random forest from scratch"


class ExtraTreesScratch(LearnerScratch, ExtraTrees):
    """Extremely randomised trees on target rows."""

    kind: Literal["extra_trees"] = "extra_trees"
    label: ClassVar[str] = "extremely randomised trees from scratch"


class BoostingScratch(LearnerScratch, Boosting):
    """Gradient boosting on target rows."""

    kind: Literal["boosting"] = "boosting"
    label: ClassVar[str] = "gradient boosting from scratch"


AnyScratch: TypeAlias = Annotated[
    NetworkScratch | LogisticScratch | ForestScratch | ExtraTreesScratch | BoostingScratch, Field(discriminator="kind")
]
Portfolio: TypeAlias = Annotated[tuple[AnyScratch, ...], BeforeValidator(by_kind), Field(min_length=1)]
PORTFOLIO: tuple[AnyScratch, ...] = (NetworkScratch(), LogisticScratch(), ForestScratch(), ExtraTreesScratch(), BoostingScratch())
LEARNERS: dict[str, type[Strategy]] = {learner.kind: type(learner) for learner in PORTFOLIO}
