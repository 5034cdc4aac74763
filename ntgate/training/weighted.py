"""Cross-entropy on source rows that count unequally, beside the labelled target rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.streams import Rows


class Weighted(Objective):
    """The weighted risk of the merged rows: ``(1 - share) mean_i w_i l_i + share mean_j l_j`` over source and target rows.

    That is the convex combination of Ben-David et al., "A theory of learning from different domains", 2010, section 5, with an
    importance weight on every source row. The stream ``labelled`` is as for the supervised objective. In the stream ``source``
    the labels are the numbers of the rows: the objective holds labels and weights by number, so that weights reach the loss
    exactly, whatever the order of the batches. (Drawing the rows in proportion to their weights would have the same mean, but the
    noise of the draw on top.)

    Args:
        network: trained in place.
        labels: of all source rows ``(n,)``.
        weights: of all source rows ``(n,)``, of mean 1.
        share: of the labelled target rows in the loss.
        features_rate: the feature extractor learns at this multiple of the base learning rate, the head at 1.
    """

    labels: Tensor
    weights: Tensor

    def __init__(self, network: Network, labels: Tensor, weights: Tensor, *, share: float, features_rate: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("labels", labels, persistent=False)
        self.register_buffer("weights", weights, persistent=False)
        self._share = share
        self._features_rate = features_rate

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:  # noqa: ARG002
        """Weighted loss of the source batch plus the loss of the target batch."""
        source, labelled = batch["source"], batch["labelled"]
        numbers = source.labels
        losses = nn.functional.cross_entropy(self.network(source.x), self.labels[numbers], reduction="none")
        of_target = nn.functional.cross_entropy(self.network(labelled.x), labelled.labels)
        return (1 - self._share) * (self.weights[numbers] * losses).mean() + self._share * of_target

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Features and head with their own rates."""
        return [
            {"params": list(self.network.features.parameters()), "lr": learning_rate * self._features_rate},
            {"params": list(self.network.head.parameters()), "lr": learning_rate},
        ]
