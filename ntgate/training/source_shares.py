"""The objective of parameter transfer: how much of the source each block of the features takes is learnt with the weights.

A block's weights are ``s * source + (1 - s) * own`` with ``s = sigmoid(a)``, and ``a`` is learnt: the weight interpolation of
Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022, with one coefficient a block that is learnt, as that of Zhang
et al., "Side-Tuning: A Baseline for Network Adaptation via Additive Side Networks", ECCV 2020. For a linear map the mix of two
weights is the mix of two outputs, so it is a side network at every layer, and costs nothing after the training.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ntgate.training.blocks import blocks
from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.streams import Rows


class SourceShares(Objective):
    """Cross-entropy on the stream ``labelled`` of a network whose features are a mix of the source's and of own ones.

    The source's weights are constant; own weights start where those of ``own`` are, and are all that weight decay touches: many
    pairs of own weights and shares give the same mix, and of them the one with the least own weights is preferred. So a share
    stays large where the source's weights are of use and falls where they are in the way.

    ``network`` holds the mix itself (of the last step's start), never its parts, so that what is evaluated and kept is an
    ordinary network.

    Args:
        network: with the source's features; its weights are overwritten in each step.
        own: with the features that the own weights start from.
        start: the share of the source in the beginning.
        rate: the shares' logits learn at this multiple of the base learning rate.
        steps: the budget, for the record of the shares.
    """

    history: Tensor

    def __init__(self, network: Network, own: Network, *, start: float, rate: float, steps: int) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self._rate = rate
        found = blocks(network.features)
        self.names = tuple(name for name, _ in found)
        block_of = {id(p): block for block, (_, module) in enumerate(found) for p in module.parameters()}
        weights = dict(network.features.named_parameters())
        self._weights = tuple(weights)
        self._block = tuple(block_of[id(value)] for value in weights.values())
        self.logits = nn.Parameter(torch.full((len(found),), start).logit())
        own_weights = dict(own.features.named_parameters())
        self.own = nn.ParameterList(nn.Parameter(own_weights[name].detach().clone()) for name in weights)
        self.head = nn.ParameterList(nn.Parameter(value.detach().clone()) for value in network.head.parameters())
        for i, value in enumerate(weights.values()):
            self.register_buffer(f"source_{i}", value.detach().clone())
        # A buffer, so that a training that was killed goes on with it.
        self.register_buffer("history", torch.zeros(steps, len(found)))

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:
        """Mean cross-entropy of the batch under the mix."""
        shares = self.logits.sigmoid()
        mix = {
            name: torch.lerp(own, self.get_buffer(f"source_{i}"), shares[block])
            for i, (name, block, own) in enumerate(zip(self._weights, self._block, self.own, strict=True))
        }
        with torch.no_grad():
            self.history[round(progress * len(self.history)) - 1] = shares
            for name, value in self.network.features.named_parameters():
                value.copy_(mix[name])
            for kept, value in zip(self.network.head.parameters(), self.head, strict=True):
                kept.copy_(value)
        rows = batch["labelled"]
        features = functional_call(self.network.features, mix, (self.network.normaliser(rows.x),))
        weight, bias = self.head
        return nn.functional.cross_entropy(nn.functional.linear(features, weight, bias), rows.labels)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Own weights and head at the base rate, the shares at theirs and without decay."""
        return [
            {"params": [*self.own, *self.head], "lr": learning_rate},
            {"params": [self.logits], "lr": learning_rate * self._rate, "weight_decay": 0.0},
        ]

    def shares(self, step: int) -> dict[str, float]:
        """The source's share of each block in the network of ``step`` (from 1)."""
        return dict(zip(self.names, self.history[step - 1].tolist(), strict=True))
