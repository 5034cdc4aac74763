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
    """Mean squared error of a decoder that rebuilds the normalised target rows from their features.

    One encoder is shared, the source labels train the classifier, the target rows alone are rebuilt, and the decoder is dropped
    in the end. The paper alternates epochs of both losses; here every step takes both.

    Args:
        network: its features are decoded.
        hidden: hidden width of the decoder.
        seed: initialises the decoder.

    Raises:
        ModelError: when the rows are token ids, which have no distance that an error could be.
    """

    def __init__(self, network: Network, hidden: int, seed: int) -> None:
        super().__init__()
        if getattr(network.features, "reads_tokens", False):
            raise ModelError(
                "encoder_decoder",
                expected="rows of numbers or pixels to rebuild",
                got="token ids",
                fix="choose another strategy for text",
            )
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
        return weight * nn.functional.mse_loss(self.decoder(target.features), rows)
