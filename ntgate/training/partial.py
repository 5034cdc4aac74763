"""Partial fine-tuning: the last blocks of the features and the head learn, the rest stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.streams import Rows


class LastBlocks(Objective):
    """Cross-entropy on the stream ``labelled``, minimised over some blocks and the head.

    Frozen blocks also keep to their evaluation mode: a batch normalisation that went on averaging would change the features
    without a gradient.

    Args:
        network: trained in place.
        frozen: the blocks of its features that do not learn.
    """

    def __init__(self, network: Network, frozen: Sequence[nn.Module]) -> None:
        super().__init__()
        self.network = network
        self._frozen = tuple(frozen)
        for block in frozen:
            block.requires_grad_(False)

    def train(self, mode: bool = True) -> LastBlocks:
        """Training mode for all but the frozen blocks."""
        super().train(mode)
        for block in self._frozen:
            block.eval()
        return self

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:  # noqa: ARG002
        """Mean cross-entropy of the batch."""
        rows = batch["labelled"]
        return nn.functional.cross_entropy(self.network(rows.x), rows.labels)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """What learns, at the base rate."""
        return [{"params": [p for p in self.parameters() if p.requires_grad], "lr": learning_rate}]
