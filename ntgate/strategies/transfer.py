"""The network that a transfer starts from: the source's features under a head for the target's classes."""

from __future__ import annotations

from ntgate.strategies.base import Arm
from ntgate.training.network import Network, build


def initial_network(arm: Arm) -> Network:
    """The source network with a head for the target's classes.

    Where a target class has the name of a source class, its row of the source's head is kept; the other rows are fresh.
    """
    import torch

    source = arm.pretrained.load()
    classes = arm.view.train.classes
    network = build(source.spec.model_copy(update={"classes": len(classes)}), arm.seed)
    network.normaliser.load_state_dict(source.normaliser.state_dict())
    network.features.load_state_dict(source.features.state_dict())
    if arm.pretrained.has_head:
        with torch.no_grad():
            for code, name in enumerate(classes):
                if name in arm.pretrained.classes:
                    known = arm.pretrained.classes.index(name)
                    network.head.weight[code] = source.head.weight[known]
                    network.head.bias[code] = source.head.bias[known]
    return network
