"""Global magnitude pruning: which weights are smallest in the whole network.

Han et al., "Learning both Weights and Connections for Efficient Neural Networks", NeurIPS 2015.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ntgate.training.network import Network


def magnitude_masks(network: Network, sparsity: float) -> dict[str, Tensor]:
    """Masks by parameter name: 0 for the share ``sparsity`` of all weights that is smallest in magnitude, else 1.

    Biases, and other parameters of one dimension, are few and are kept. Of equal weights the earlier go first, so that the
    number of zeros is exact: ``floor(sparsity * weights)``.

    >>> from ntgate.training.config import Mlp, NetworkSpec
    >>> from ntgate.training.network import build
    >>> network = build(NetworkSpec(backbone=Mlp(hidden=(8,)), input_shape=(3,), classes=2), seed=0)
    >>> sum(int((mask == 0).sum()) for mask in magnitude_masks(network, 0.75).values()), 3 * 8 + 8 * 2
    (30, 40)
    """
    weights = {name: value.detach() for name, value in network.named_parameters() if value.ndim >= 2}
    magnitudes = torch.cat([value.abs().flatten() for value in weights.values()])
    kept = torch.ones_like(magnitudes)
    kept[magnitudes.argsort(stable=True)[: int(sparsity * len(magnitudes))]] = 0
    parts = kept.split([value.numel() for value in weights.values()])
    return {name: part.view_as(value) for (name, value), part in zip(weights.items(), parts, strict=True)}


@torch.no_grad()
def zero(network: Network, masks: Mapping[str, Tensor]) -> None:
    """Set the masked weights of ``network`` to zero."""
    parameters = dict(network.named_parameters())
    for name, mask in masks.items():
        parameters[name].mul_(mask)
