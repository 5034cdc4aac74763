"""The supervised objective: cross-entropy on the labelled rows of one stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.streams import Rows


class Supervised(Objective):
    """Cross-entropy of the network on the stream ``labelled``.

    Args:
        network: trained in place.
        features_rate: the feature extractor learns at this multiple of the base learning rate, the head at 1.
    """

    def __init__(self, network: Network, features_rate: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self._features_rate = features_rate

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:  # noqa: ARG002
        """Mean cross-entropy of the batch."""
        rows = batch["labelled"]
        return nn.functional.cross_entropy(self.network(rows.x), rows.labels)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Features and head with their own rates."""
        return [
            {"params": list(self.network.features.parameters()), "lr": learning_rate * self._features_rate},
            {"params": list(self.network.head.parameters()), "lr": learning_rate},
        ]
