"""The pulls that match moments: DAN by multi-kernel MMD, Deep CORAL by covariances."""

from __future__ import annotations

import torch
from torch import Tensor

from ntgate.training.adaptation import Pull, Seen
from ntgate.training.moments import WIDTHS, coral_distance, multi_kernel_mmd2


class MeanEmbeddings(Pull):
    """DAN: the multi-kernel MMD of the features plus that of the logits (Long et al. 2015).

    Args:
        layers: which of ``features`` and ``logits`` are matched.
        widths: of the kernels, as multiples of the mean squared distance.
    """

    def __init__(self, layers: tuple[str, ...] = ("features", "logits"), widths: tuple[float, ...] = WIDTHS) -> None:
        super().__init__()
        self._layers, self._widths = layers, widths

    def forward(self, source: Seen, target: Seen, weight: float) -> Tensor:
        """The weighted sum over the layers."""
        pairs = [(getattr(source, layer), getattr(target, layer)) for layer in self._layers]
        return weight * torch.stack([multi_kernel_mmd2(x, y, self._widths) for x, y in pairs]).sum()


class Covariances(Pull):
    """Deep CORAL: the distance of the covariances of the chosen layers (Sun & Saenko 2016, equation 1).

    Args:
        layers: which of ``features`` and ``logits`` are matched.
    """

    def __init__(self, layers: tuple[str, ...] = ("features",)) -> None:
        super().__init__()
        self._layers = layers

    def forward(self, source: Seen, target: Seen, weight: float) -> Tensor:
        """The weighted sum over the layers."""
        pairs = [(getattr(source, layer), getattr(target, layer)) for layer in self._layers]
        return weight * torch.stack([coral_distance(x, y) for x, y in pairs]).sum()
