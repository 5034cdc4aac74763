"""Multi-task learning: source and target share a trunk and have a head each, trained jointly.

Caruana, "Multitask Learning", Machine Learning 28 (1997).
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Real
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.strategies.rank import Case, Rank


class MultiTask(Strategy):
    """Go on learning the source task beside the target's; the source head is dropped in the end.

    The label spaces may differ: nothing is shared but the trunk.

    Attributes:
        source_weight: weight of the source task's loss.
    """

    kind: Literal["multi_task"] = "multi_task"
    label: ClassVar[str] = "multi-task learning"
    streams: ClassVar[int] = 2
    source_weight: Real = Field(0.5, ge=1e-9, le=1e6)

    def rank(self, case: Case) -> Rank:
        """Right after fine-tuning, and before it with few labels, when forgetting is easiest."""
        if case.few:
            return Rank(0.9, f"the source task steadies the trunk where there are only {case.labels}")
        return Rank(2.1, f"{case.labels} leave less for the source task to steady")

    def train(self, arm: Arm) -> Trained:
        """Fit trunk and heads, early-stopped on the validation rows."""
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.source import rows_of
        from ntgate.training.two_heads import TwoHeads

        encoder, view = arm.pretrained.encoder, arm.view
        source = view.source.relabelled(arm.pretrained.classes)  # in the order of the source model's head
        objective = TwoHeads(initial_network(arm), arm.pretrained.load().head, self.source_weight)
        streams = {"source": rows_of(encoder, source), "labelled": rows_of(encoder, view.train)}
        return arm.fit(objective, streams, encoder)
