"""The pull of encoder-decoder transfer (DRCN): the features must hold what the target rows look like.

Ghifary et al., "Deep Reconstruction-Classification Networks for Unsupervised Domain Adaptation", ECCV 2016.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ntgate.errors import ModelError
from ntgate.training.adaptation import Pull, Seen
from ntgate.training.network import Network


class Reconstruction(Pull):
    """Mean squared error of a decoder that rebuilds the normalised target rows from the features of those rows with inputs masked.

    One encoder is shared, the source labels train the classifier, the target rows alone are rebuilt, and the decoder is dropped
    in the end. The paper alternates epochs of both losses; here every step takes both. It masks pixels with zeros, its background;
    here a masked input takes the source's mean, which is a value that inputs of any kind can have.

    Args:
        network: its features are decoded.
        hidden: hidden width of the decoder.
        seed: initialises the decoder.
        noise: share of the inputs that are masked in the rows that are rebuilt, drawn anew for each row and step.

    Raises:
        ModelError: when the rows are token ids, which have no distance that an error could be.
    """

    def __init__(self, network: Network, hidden: int, seed: int, noise: float = 0.0) -> None:
        super().__init__()
        if getattr(network.features, "reads_tokens", False):
            raise ModelError(
                "encoder_decoder",
                expected="rows of numbers or pixels to rebuild",
                got="token ids",
                fix="choose another strategy for text",
            )
        self._noise = noise
        self._embed = network.embed  # not the network itself, which would become a part of this module
        self.normaliser = copy.deepcopy(network.normaliser)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.decoder = nn.Sequential(
                nn.Linear(network.head.in_features, hidden),
                nn.ReLU(),
                nn.Linear(hidden, torch.Size(network.spec.input_shape).numel()),
            )

    def forward(self, source: Seen, target: Seen, weight: float) -> Tensor:  # noqa: ARG002
        """The weighted mean squared error over rows and inputs."""
        with torch.no_grad():
            rows = self.normaliser(target.rows).flatten(1)
        features = self._embed(self._masked(target.rows)) if self._noise else target.features
        return weight * nn.functional.mse_loss(self.decoder(features), rows)

    def _masked(self, rows: Tensor) -> Tensor:
        """``rows`` with a part of their inputs at the mean."""
        kept = torch.rand_like(rows) >= self._noise
        return torch.where(kept, rows, self.normaliser.mean)
