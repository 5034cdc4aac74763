"""Parameter transfer: each block of the features learns how much of the source's weights it takes.

Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022 (interpolated weights).
Zhang et al., "Side-Tuning: A Baseline for Network Adaptation via Additive Side Networks", ECCV 2020 (a learnt coefficient).
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Real
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.strategies.rank import Case, Rank


class ParameterTransfer(Strategy):
    """Train own weights beside the source's and the share of each, block by block; the shares are in ``notes``.

    Attributes:
        start: the source's share in the beginning.
        share_rate: the shares' logits learn at this multiple of the base learning rate.
    """

    kind: Literal["parameter_transfer"] = "parameter_transfer"
    label: ClassVar[str] = "parameter transfer"
    needs_source_rows: ClassVar[bool] = False
    start: Real = Field(0.9, gt=0, lt=1)
    share_rate: Real = Field(10.0, ge=1e-9, le=1e6)

    def rank(self, case: Case) -> Rank:
        """Right after fine-tuning, and before it with few labels: it keeps what the source knows."""
        if case.few:
            return Rank(0.95, f"the source's weights count where there are only {case.labels}")
        return Rank(2.2, f"{case.labels} can tell how much each block should take from the source")

    def train(self, arm: Arm) -> Trained:
        """Fit own weights and shares, early-stopped on the validation rows, and fold the mix into one network."""
        from dataclasses import replace

        from ntgate.strategies.transfer import initial_network
        from ntgate.training.network import build
        from ntgate.training.source import rows_of
        from ntgate.training.source_shares import SourceShares

        network = initial_network(arm)
        objective = SourceShares(network, build(network.spec, arm.seed), start=self.start, rate=self.share_rate, steps=arm.steps)
        encoder = arm.pretrained.encoder
        trained = arm.fit(objective, {"labelled": rows_of(encoder, arm.view.train)}, encoder)
        network.requires_grad_(True)
        best = trained.curve[-1] if arm.until else max(trained.curve, key=lambda point: point.rank)
        shares = {f"source_share.{name}": round(share, 4) for name, share in objective.shares(best.step).items()}
        return replace(trained, notes=shares)
