"""The domain adversary, a pull by gradient reversal: DANN, and CDAN, whose adversary also sees the predicted class.

Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 17 (2016): equation 10 for the gradient reversal.
Long et al., "Conditional Adversarial Domain Adaptation", NeurIPS 2018: the multilinear map, its randomised form and
the entropy weights of section 3.
Tachet des Combes et al., "Domain Adaptation with Conditional Distribution Matching and Generalized Label Shift", NeurIPS 2020:
the class weights.
"""

from __future__ import annotations

import itertools
from typing import Any

import torch
from torch import Tensor, nn

from ntgate.training.adaptation import Pull, Seen
from ntgate.training.class_ratios import ClassRatios

LARGEST_MAP = 4096  # beyond this many products of a feature with a class the map is randomised, as in the paper
RANDOM_WIDTH = 1024
# Adam's usual memory of ten steps makes two players that react to each other swing (Radford et al., "Unsupervised
# Representation Learning with Deep Convolutional GANs", ICLR 2016, section 3).
BETAS = (0.5, 0.999)


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


class Multilinear(nn.Module):
    """Every product of a feature with a class probability, at about unit variance.

    Shapes: ``(n, width), (n, classes) -> (n, width * classes)``, or ``(n, 1024)`` by random projections whose inner products
    estimate those of the products, where there are more than 4,096 of them.

    >>> Multilinear(2, 3, seed=0)(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 1.0, 0.0]])) / 3**0.5
    tensor([[0., 1., 0., 0., 2., 0.]])
    """

    def __init__(self, width: int, classes: int, seed: int) -> None:
        super().__init__()
        self.randomised = width * classes > LARGEST_MAP
        self.width = RANDOM_WIDTH if self.randomised else width * classes
        # A row of features of unit variance and a row of probabilities with one large entry have a product of length sqrt(width).
        self._scale = (self.width / width) ** 0.5
        if self.randomised:
            generator = torch.Generator().manual_seed(seed)
            # Buffers, so that a training that was killed goes on with the same projections.
            self.register_buffer("of_features", torch.randn(width, RANDOM_WIDTH, generator=generator))
            self.register_buffer("of_classes", torch.randn(classes, RANDOM_WIDTH, generator=generator))

    def forward(self, features: Tensor, probabilities: Tensor) -> Tensor:
        """The map of a batch."""
        if self.randomised:
            of_features, of_classes = self.get_buffer("of_features"), self.get_buffer("of_classes")
            products = (features @ of_features) * (probabilities @ of_classes) / RANDOM_WIDTH**0.5
        else:
            products = (features[:, :, None] * probabilities[:, None, :]).flatten(1)
        scaled: Tensor = products * self._scale
        return scaled


class Adversary(Pull):
    """A discriminator that minimises its cross-entropy on source against target, while the features maximise it.

    What keeps the game going: the features are normalised, else they shrink or explode to fool the discriminator cheaply; the
    domain labels are smoothed, so that a discriminator that is sure gains nothing and its gradient does not vanish; its optimiser
    has a short memory.

    The divergence that the bound of Ganin et al. (equation 2) speaks of is that of the best discriminator. One that lags behind
    the features is fooled at a divergence that a better one still sees; and one that is not fooled cheaply aligns classes of
    different shares by mixing them up, which the class weights prevent (``benchmarks/unsupervised_digits.py``).

    Args:
        width: width of the features.
        classes: number of classes.
        hidden: hidden width of the discriminator.
        seed: initialises the discriminator.
        conditional: CDAN: the discriminator sees the features times the predicted class probabilities.
        entropy_weights: CDAN+E: rows with a sure prediction count up to twice as much.
        class_weights: IWDAN: source rows count by the ratio of their class's shares, so that alignment need not mix up classes that
            are more frequent in one domain; see :class:`ClassRatios`.
        layers: hidden layers of the discriminator.
        smoothing: the domain labels are this and 1 minus this.
        rate: the discriminator learns at this multiple of the base learning rate.
        short_memory: give the network's optimiser the short memory too, since it is the other player.
    """

    def __init__(
        self,
        *,
        width: int,
        classes: int,
        hidden: int,
        seed: int,
        conditional: bool = False,
        entropy_weights: bool = False,
        class_weights: bool = False,
        layers: int = 1,
        smoothing: float = 0.1,
        rate: float = 1.0,
        short_memory: bool = False,
    ) -> None:
        super().__init__()
        self.map = Multilinear(width, classes, seed) if conditional else None
        self.ratios = ClassRatios(classes) if class_weights else None
        sizes = [self.map.width if self.map else width, *[hidden] * layers]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            stack: list[nn.Module] = []
            for fan_in, fan_out in itertools.pairwise(sizes):
                stack += [nn.Linear(fan_in, fan_out), nn.ReLU()]
            self.discriminator = nn.Sequential(*stack, nn.Linear(hidden, 1))
        self.betas = BETAS if short_memory else Pull.betas
        self._entropy_weights, self._smoothing, self._rate = entropy_weights, smoothing, rate

    def forward(self, source: Seen, target: Seen, weight: float) -> Tensor:
        """The discriminator's loss, its gradient reversed on the way to the features."""
        features = torch.cat([source.features, target.features])
        features = nn.functional.layer_norm(features, features.shape[1:])
        # The class probabilities are a condition: the adversary must not be fooled by predictions that become unsure.
        predicted = torch.cat([source.logits, target.logits]).detach().float().softmax(dim=1)
        seen = self.map(features, predicted) if self.map else features
        found = self.discriminator(reverse_gradient(seen, weight)).squeeze(1)
        truth = torch.cat([torch.zeros(len(source.features)), torch.ones(len(target.features))]).to(found)
        loss = nn.functional.binary_cross_entropy_with_logits(
            found, truth * (1 - 2 * self._smoothing) + self._smoothing, reduction="none"
        )
        if self._entropy_weights:
            loss = loss * entropy_weights(predicted, len(source.features))
        if self.ratios is not None:
            loss = loss * _class_weights(self.ratios, source.labels, predicted)
        return loss.mean()

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """The discriminator, at its own rate and with a short memory."""
        own = list(self.discriminator.parameters())
        return [{"params": own, "lr": learning_rate * self._rate, "betas": BETAS}]


def _class_weights(ratios: ClassRatios, labels: Tensor | None, predicted: Tensor) -> Tensor:
    """A weight for each source row, then 1 for each target row."""
    if labels is None:
        raise ValueError("class weights need source labels")
    of_source, of_target = predicted[: len(labels)], predicted[len(labels) :]
    found = ratios(of_source, labels, of_target)
    return torch.cat([found[labels], torch.ones(len(of_target)).to(found)])


def entropy_weights(probabilities: Tensor, sources: int) -> Tensor:
    """``1 + exp(-H)`` of each row's prediction, with mean 1 over the first ``sources`` rows and over the others.

    Args:
        probabilities: ``(n, classes)``.
        sources: number of source rows; they come first.

    >>> entropy_weights(torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]]), 2)
    tensor([1.1429, 0.8571, 1.0000])
    """
    weights = 1 + torch.exp(-torch.special.entr(probabilities).sum(dim=1))
    return torch.cat([part / part.mean() for part in (weights[:sources], weights[sources:])])
