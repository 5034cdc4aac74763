"""Fine-tuning that remembers: cross-entropy with L2-SP and batch spectral shrinkage.

Li, Grandvalet & Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", ICML 2018 (L2-SP).
Chen et al., "Catastrophic Forgetting Meets Negative Transfer: Batch Spectral Shrinkage for Safe Transfer Learning", NeurIPS 2019
(BSS).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.precision import at_least_float32, in_full_precision
from ntgate.training.streams import Rows


def distance_to_start(parameters: Sequence[Tensor], start: Sequence[Tensor]) -> Tensor:
    """Half the squared distance of the weights to where they started.

    >>> float(distance_to_start([torch.tensor([3.0, 0.0])], [torch.tensor([1.0, 0.0])]))
    2.0
    """
    return torch.stack([(now - then).square().sum() for now, then in zip(parameters, start, strict=True)]).sum() / 2


def smallest_singular_values(features: Tensor, count: int) -> Tensor:
    """Sum of the squares of the ``count`` smallest singular values of a batch of features ``(n, d)``.

    They are the smallest eigenvalues of the smaller of the two Gram matrices. A sum over eigenvectors does not depend on how equal
    eigenvalues share a space, so the gradient is ``2 V V' F`` with those eigenvectors ``V``, held constant: that of the eigenvalues
    themselves divides by their differences in the backward pass of some libraries, and ReLU features often have several zeros.

    >>> round(float(smallest_singular_values(torch.diag(torch.tensor([3.0, 2.0, 1.0])), 2)), 4)
    5.0
    """
    with in_full_precision(features):
        rows = at_least_float32(features)
        wide = rows if rows.shape[0] <= rows.shape[1] else rows.T
        _, vectors = torch.linalg.eigh((wide @ wide.T).detach())  # eigenvalues in ascending order
        shrunk: Tensor = (vectors[:, : min(count, len(wide))].T @ wide).square().sum()
    return shrunk


class Anchored(Objective):
    """Cross-entropy on the stream ``labelled``, with weights held near their start and weak directions of the features suppressed.

    Args:
        network: trained in place; where it is now is the start.
        groups: the optimiser's groups as ``(parameters, multiple of the base learning rate)``.
        anchor: L2-SP's alpha, for the features' distance to the start; 0: off.
        head_decay: L2-SP's beta, for the head's squared norm.
        shrinkage: BSS's eta; 0: off.
        directions: how many of the smallest singular values BSS penalises.
    """

    def __init__(
        self,
        network: Network,
        groups: Sequence[tuple[Sequence[nn.Parameter], float]],
        *,
        anchor: float = 0.0,
        head_decay: float = 0.0,
        shrinkage: float = 0.0,
        directions: int = 1,
    ) -> None:
        super().__init__()
        self.network = network
        self._groups = groups
        self._anchor, self._head_decay = anchor, head_decay
        self._shrinkage, self._directions = shrinkage, directions
        start = [parameter.detach().clone() for parameter in network.features.parameters()]
        for i, value in enumerate(start if anchor else []):
            self.register_buffer(f"start_{i}", value)

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:  # noqa: ARG002
        """Mean cross-entropy of the batch, and the penalties that are on."""
        rows = batch["labelled"]
        features = self.network.embed(rows.x)
        loss = nn.functional.cross_entropy(self.network.head(features), rows.labels)
        if self._anchor:
            weights = list(self.network.features.parameters())
            start = [self.get_buffer(f"start_{i}") for i in range(len(weights))]
            loss = loss + self._anchor * distance_to_start(weights, start)
            loss = loss + self._head_decay * sum(p.square().sum() for p in self.network.head.parameters()) / 2
        if self._shrinkage:
            loss = loss + self._shrinkage * smallest_singular_values(features, self._directions)
        return loss

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """The groups, each at its multiple of the base rate; weights that are held towards the start do not decay towards 0."""
        decay = {"weight_decay": 0.0} if self._anchor else {}
        return [
            {"params": list(parameters), "lr": learning_rate * multiple, **decay}
            for parameters, multiple in self._groups
            if parameters
        ]
