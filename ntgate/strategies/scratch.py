"""From scratch: the baseline that every transfer has to beat.

Negative transfer is defined against the same learner without the source (Wang et al., "Characterizing and Avoiding
Negative Transfer", CVPR 2019, definition 1). So this arm has the same architecture and budget as the others, and sees
nothing of the source: not its rows, its model, its encoder, nor its normalisation.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from ntgate.strategies.base import Arm, Strategy, Trained


class Scratch(Strategy):
    """Train the backbone on the labelled target rows alone."""

    kind: Literal["scratch"] = "scratch"
    label: ClassVar[str] = "training from scratch"

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
