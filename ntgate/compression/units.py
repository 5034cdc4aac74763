"""Structured pruning: the same network with fewer hidden units or channels.

Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017: the filters with the smallest sum of absolute weights go, and with
them the weights of the next layer that read them.
"""

from __future__ import annotations

import itertools
import math
from typing import cast

import torch
from torch import Tensor, nn

from ntgate.errors import ModelError
from ntgate.training.config import Backbone, Cnn, Mlp, NetworkSpec, Residual
from ntgate.training.network import Network, build


def narrower(backbone: Backbone | Residual, share: float) -> Backbone:
    """The backbone with ``share`` of the units of each layer, rounded up, so that one is left at least.

    Raises:
        ModelError: for a backbone whose layers are not known.

    >>> narrower(Mlp(hidden=(256, 3)), 0.5).hidden, narrower(Cnn(), 0.25).channels
    ((128, 2), (6, 12))
    """

    def fewer(units: int) -> int:
        return max(1, math.ceil(round(share * units, 9)))

    if isinstance(backbone, Mlp):
        return backbone.model_copy(update={"hidden": tuple(map(fewer, backbone.hidden))})
    if isinstance(backbone, Cnn):
        update = {"channels": tuple(map(fewer, backbone.channels)), "width": fewer(backbone.width)}
        return backbone.model_copy(update=update)
    raise ModelError(
        "compression",
        expected="a backbone mlp or cnn, whose units are known",
        got=backbone.kind,
        fix="name the student of a distillation, or prune single weights (structured: false)",
    )


def without_units(original: NetworkSpec, network: Network, share: float) -> Network:
    """A network with ``share`` of the units of each layer of ``original``: those of ``network`` with the largest weights.

    The weights of the units that stay are copied. A removed unit that was always zero leaves every score as it was.
    """
    spec = original.model_copy(update={"backbone": narrower(original.backbone, share)})
    smaller = build(spec, seed=0)
    smaller.normaliser.load_state_dict(network.normaliser.state_dict())
    kept, units = None, 0
    for old, new in zip(_layers(network), _layers(smaller), strict=True):
        weight = old.weight.detach()
        if kept is not None:
            weight = weight[:, _inputs(kept, units, weight.shape[1])]
        size = weight.abs().flatten(1).sum(dim=1)
        units = len(size)
        kept = size.argsort(descending=True, stable=True)[: new.weight.shape[0]].sort().values
        with torch.no_grad():
            new.weight.copy_(weight[kept])
            cast(Tensor, new.bias).copy_(cast(Tensor, old.bias)[kept])
    return smaller.eval()


def _layers(network: Network) -> list[nn.Linear | nn.Conv2d]:
    """The layers with units, in the order of the forward pass, the head last."""
    modules = itertools.chain(network.features.modules(), [network.head])
    return [module for module in modules if isinstance(module, nn.Linear | nn.Conv2d)]


def _inputs(kept: Tensor, units: int, inputs: int) -> Tensor:
    """The inputs of a layer that read the ``kept`` of ``units`` units; flattening gives a channel an input a pixel."""
    pixels = inputs // units
    return (kept[:, None] * pixels + torch.arange(pixels)).flatten()
