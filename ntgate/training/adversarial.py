"""The domain-adversarial objective (DANN).

Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 17 (2016): equation 10 for the gradient reversal, and
section 5.2.2 for its schedule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ntgate.training.loop import Objective
from ntgate.training.network import Network
from ntgate.training.streams import Rows


class _Reverse(torch.autograd.Function):
    """The identity forwards; backwards the gradient times ``-weight``."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, weight: float) -> Tensor:
        ctx.weight = weight  # type: ignore[attr-defined]
        return x.view_as(x)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradient: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradient[0], None  # type: ignore[attr-defined]


def reverse_gradient(x: Tensor, weight: float) -> Tensor:
    """``x`` itself, with its gradient multiplied by ``-weight``.

    >>> x = torch.ones(2, requires_grad=True)
    >>> reverse_gradient(x, 0.5).sum().backward()
    >>> x.grad
    tensor([-0.5000, -0.5000])
    """
    reversed_: Tensor = _Reverse.apply(x, weight)  # type: ignore[no-untyped-call]
    return reversed_


class Adversarial(Objective):
    """Classify source and target labels while a discriminator cannot tell their features apart.

    The streams are ``source`` and ``labelled`` (both labelled, in the target's classes), and, where some target rows have no
    label, ``target`` (all of them, labels unused; without it the labelled rows stand for the target). The discriminator minimises
    its cross-entropy on features of source against target, and the features maximise it, with a weight that grows from 0 to
    ``strength`` as ``2 / (1 + exp(-10 p)) - 1``.

    Args:
        network: trained in place.
        width: width of its features.
        hidden: hidden width of the discriminator, which lives for the training only.
        strength: final weight of the reversed gradient.
        seed: initialises the discriminator.
    """

    def __init__(self, network: Network, *, width: int, hidden: int, strength: float, seed: int) -> None:
        super().__init__()
        self.network = network
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            # The norm bounds the features' scale: without it they shrink or explode to fool the discriminator cheaply.
            self.discriminator = nn.Sequential(
                nn.LayerNorm(width, elementwise_affine=False), nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, 1)
            )
        self._strength = strength

    def forward(self, batch: Mapping[str, Rows], progress: float) -> Tensor:
        """Source and target classification loss plus the domain loss behind the reversal."""
        source, labelled = batch["source"], batch["labelled"]
        more = [batch["target"]] if "target" in batch else []
        features = self.network.embed(torch.cat([rows.x for rows in (source, labelled, *more)]))
        of_source, of_labelled, *of_more = features.split([len(rows) for rows in (source, labelled, *more)])
        of_target = of_more[0] if of_more else of_labelled
        classification = nn.functional.cross_entropy(self.network.head(of_source), source.labels)
        classification = classification + nn.functional.cross_entropy(self.network.head(of_labelled), labelled.labels)
        weight = self._strength * (2 / (1 + math.exp(-10 * progress)) - 1)
        domains = self.discriminator(reverse_gradient(torch.cat([of_source, of_target]), weight)).squeeze(1)
        truth = torch.cat([torch.zeros(len(of_source)), torch.ones(len(of_target))]).to(domains)
        return classification + nn.functional.binary_cross_entropy_with_logits(domains, truth)
