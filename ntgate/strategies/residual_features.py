"""Residual features: a body of the target's own learns, beside the frozen one of the source, what that one misses.

REFINE, arXiv 2505.11771 (2025): the frozen features can be left out by the head, so that a useless source costs little, which
fine-tuning does not promise.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.strategies.rank import Case, Rank


class ResidualFeatures(Strategy):
    """Train a fresh body beside the source's frozen one, and one head over the features of both."""

    kind: Literal["residual_features"] = "residual_features"
    label: ClassVar[str] = "residual features"
    needs_source_rows: ClassVar[bool] = False

    def rank(self, case: Case) -> Rank:
        """Where the source is far it can be ignored; with few labels a fresh body has little to learn from."""
        if case.few:
            return Rank(2.8, f"a fresh body has to be learnt from {case.labels}")
        return Rank(1.6, f"what the source misses ({case.distance}) can be learnt from {case.labels}")

    def train(self, arm: Arm) -> Trained:
        """Fit body and head, early-stopped on the validation rows."""
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.config import Residual
        from ntgate.training.network import SideBySide, build
        from ntgate.training.partial import LastBlocks
        from ntgate.training.source import rows_of

        start, encoder = initial_network(arm), arm.pretrained.encoder
        body = start.spec.backbone
        assert not isinstance(body, Residual)  # a source model is none
        network = build(start.spec.model_copy(update={"backbone": Residual(source=body, own=body)}), arm.seed)
        features = network.features
        assert isinstance(features, SideBySide)
        network.normaliser.load_state_dict(start.normaliser.state_dict())
        features.source.load_state_dict(start.features.state_dict())
        trained = arm.fit(LastBlocks(network, [features.source]), {"labelled": rows_of(encoder, arm.view.train)}, encoder)
        network.requires_grad_(True)
        return trained
