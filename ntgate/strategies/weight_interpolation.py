"""Weight interpolation: the fine-tuned weights are drawn back towards the source's.

WiSE-FT: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022. The mean of both is hardly worse than fine-tuning
where that is right, and better where few labels have led it astray.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Real
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.strategies.rank import Case, Rank


class WeightInterpolation(Strategy):
    """Fit a head on the source's features, fine-tune from there, and average the weights of before and after.

    Attributes:
        source_share: of the weights before.
    """

    kind: Literal["weight_interpolation"] = "weight_interpolation"
    label: ClassVar[str] = "interpolated weights"
    needs_source_rows: ClassVar[bool] = False
    source_share: Real = Field(0.5, gt=0, lt=1)

    def rank(self, case: Case) -> Rank:
        """Beside fine-tuning, and before it with few labels."""
        if case.few:
            return Rank(0.9, f"the source's weights hold where there are only {case.labels}")
        return Rank(1.2, f"between the source ({case.distance}) and what {case.labels} say")

    def train(self, arm: Arm) -> Trained:
        """Fine-tune after a probe, then average."""
        from dataclasses import replace

        import torch

        from ntgate.models.network import NetworkModel
        from ntgate.strategies.feature_extraction import fit_probe
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.source import rows_of
        from ntgate.training.supervised import Supervised

        encoder = arm.pretrained.encoder
        before, after = initial_network(arm), initial_network(arm)
        fit_probe(replace(arm, until=None), before)
        after.load_state_dict(before.state_dict())
        rows = {"labelled": rows_of(encoder, arm.view.train)}
        trained = arm.fit(Supervised(after, features_rate=0.3), rows, encoder)
        with torch.no_grad():
            for mine, started in zip(after.parameters(), before.parameters(), strict=True):
                mine.lerp_(started, self.source_share)
        return replace(trained, model=NetworkModel(after.eval(), encoder, arm.view.train.classes))
