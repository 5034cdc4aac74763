"""The multi-task objective: one trunk under a source head and a target head, both trained at once.

Caruana, "Multitask Learning", Machine Learning 28 (1997).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.streams import Rows


class TwoHeads(Objective):
    """Cross-entropy of the target head on the stream ``labelled`` plus that of the source head on the stream ``source``.

    Each stream keeps the codes of its own label space.

    Args:
        network: trunk and target head, trained in place.
        source_head: takes the same features; it lives for the training only.
        source_weight: weight of the source task.
    """

    def __init__(self, network: Network, source_head: nn.Linear, source_weight: float) -> None:
        super().__init__()
        self.network = network
        self.source_head = source_head
        self._source_weight = source_weight

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:  # noqa: ARG002
        """Both losses, from one pass through the trunk."""
        source, target = batch["source"], batch["labelled"]
        of_source, of_target = self.network.embed(torch.cat([source.x, target.x])).split([len(source), len(target)])
        on_source = nn.functional.cross_entropy(self.source_head(of_source), source.labels)
        return nn.functional.cross_entropy(self.network.head(of_target), target.labels) + self._source_weight * on_source
