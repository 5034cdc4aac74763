"""The objective of domain adaptation: classify source and target labels on features that a pull brings together.

Ben-David et al., "A theory of learning from different domains", Machine Learning 79 (2010): the target error is bounded by the
source error, a distance of the domains as the features show them, and the error of the best classifier for both. Methods differ in
the distance, so the distance is a part.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.streams import Rows


@dataclass(frozen=True, eq=False)
class Seen:
    """One batch of one domain, what a network makes of it, and its labels where it has some.

    Shapes: ``(n, *shape)``, ``(n, width)``, ``(n, classes)`` and ``(n,)``.
    """

    rows: Tensor
    features: Tensor
    logits: Tensor
    labels: Tensor | None = None


class Pull(nn.Module, ABC):
    """A loss that falls as the features of both domains come together.

    Attributes:
        betas: how long the optimiser of the network remembers, which is Adam's usual time unless the pull plays against it.
    """

    betas: tuple[float, float] = (0.9, 0.999)

    @abstractmethod
    def forward(self, source: Seen, target: Seen, weight: float) -> Tensor:
        """The loss, a scalar whose gradient reaches the network multiplied by ``weight``."""

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """What is learnt beside the network, at the base rate unless the pull says otherwise."""
        own = list(self.parameters())
        return [{"params": own, "lr": learning_rate}] if own else []


class Adaptation(Objective):
    """Cross-entropy on the source rows, and on the labelled target rows where there are some, plus a pull.

    The streams are ``source`` (labelled, in the target's classes), and at least one of ``labelled`` (target rows with labels) and
    ``target`` (target rows, labels unused; without it the labelled rows stand for the target). The pull's weight grows from 0 to
    ``strength`` as ``2 / (1 + exp(-10 p)) - 1`` (Ganin et al. 2016, section 5.2.2), because features that cannot classify yet are
    brought together in any way but the right one.

    Args:
        network: trained in place.
        pull: the distance; it lives for the training only.
        strength: the pull's final weight.
        entropy: final weight of the mean entropy of the predictions on target rows: classes shall part where target rows are few
            (Grandvalet & Bengio, "Semi-supervised Learning by Entropy Minimization", NeurIPS 2004).
    """

    def __init__(self, network: Network, pull: Pull, strength: float, entropy: float = 0.0) -> None:
        super().__init__()
        self.network = network
        self.pull = pull
        self._strength, self._entropy = strength, entropy

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:
        """Classification losses plus the pull."""
        names = [name for name in ("source", "labelled", "target") if name in batch]
        features = self.network.embed(torch.cat([batch[name].x for name in names]))
        sizes = [len(batch[name]) for name in names]
        parts = zip(names, features.split(sizes), self.network.head(features).split(sizes), strict=True)
        seen = {name: Seen(batch[name].x, of, logits, batch[name].y) for name, of, logits in parts}
        labelled = [nn.functional.cross_entropy(seen[n].logits, batch[n].labels) for n in names if n != "target"]
        loss: Tensor = torch.stack(labelled).sum()
        target = seen["target"] if "target" in seen else seen["labelled"]
        loss = loss + self.pull(seen["source"], target, self._strength * ramp(progress))
        if self._entropy:
            loss = loss + self._entropy * ramp(progress) * mean_entropy(target.logits.float())
        return loss

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """The network at the base rate, the pull as it says."""
        return [
            {"params": list(self.network.parameters()), "lr": learning_rate, "betas": self.pull.betas},
            *self.pull.parameter_groups(learning_rate),
        ]


def mean_entropy(logits: Tensor) -> Tensor:
    """Mean entropy of the predictions with ``logits`` ``(n, classes)``, in nats; its gradient is finite for sure predictions too.

    >>> round(float(mean_entropy(torch.zeros(1, 4)).exp()), 4)
    4.0
    """
    return -(logits.softmax(dim=1) * logits.log_softmax(dim=1)).sum(dim=1).mean()


def ramp(progress: float) -> float:
    """From 0 to 1 while ``progress`` does, most of it in the first third.

    >>> [round(ramp(p), 2) for p in (0.0, 0.1, 0.3, 1.0)]
    [0.0, 0.46, 0.91, 1.0]
    """
    return 2 / (1 + math.exp(-10 * progress)) - 1
