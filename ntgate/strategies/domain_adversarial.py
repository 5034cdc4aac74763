"""Domain adaptation by an adversary (DANN, CDAN): features from which source and target cannot be told apart.

Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 17 (2016).
Long et al., "Conditional Adversarial Domain Adaptation", NeurIPS 2018.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Real, Whole
from ntgate.strategies.base import Arm, Facts, Strategy, Trained
from ntgate.strategies.rank import Case, Rank
from ntgate.strategies.shared_head import domain_streams, source_lacks_classes


class DomainAdversarial(Strategy):
    """Learn from source and target labels on features that hide the domain.

    Where target labels lead, a gentle adversary does least harm, as by default. With hardly any, ``strength`` 1, ``conditional``,
    ``entropy_weights`` and ``entropy`` 0.1 adapt furthest; without a condition ``class_weights`` and a discriminator that keeps up
    (``layers`` 2, ``hidden`` 256, ``discriminator_rate`` 3, ``short_memory``) come within a point
    (``benchmarks/unsupervised_digits.py``).

    Attributes:
        strength: final weight of the reversed gradient.
        hidden: hidden width of the domain discriminator.
        conditional: CDAN: show the discriminator the features times the predicted class probabilities.
        entropy_weights: CDAN+E: let rows with a sure prediction count more for the discriminator.
        class_weights: IWDAN: let source rows count by how much more often their class seems to occur in the target.
        layers: hidden layers of the domain discriminator.
        smoothing: how far the domain labels are from 0 and 1; without it a sure discriminator stops teaching.
        discriminator_rate: the discriminator learns at this multiple of the base learning rate.
        short_memory: train the network, too, with the optimiser's short memory that steadies the discriminator.
        entropy: final weight of the entropy of the predictions on target rows.
    """

    kind: Literal["domain_adversarial"] = "domain_adversarial"
    label: ClassVar[str] = "domain-adversarial training"
    streams: ClassVar[int] = 2
    strength: Real = Field(0.3, ge=1e-9, le=1e6)
    hidden: Whole = Field(128, gt=0, le=16_384)
    conditional: bool = False
    entropy_weights: bool = False
    class_weights: bool = False
    layers: Whole = Field(1, gt=0, le=16)
    smoothing: Real = Field(0.1, ge=0, lt=0.5)
    discriminator_rate: Real = Field(1.0, ge=1e-9, le=1e6)
    short_memory: bool = False
    entropy: Real = Field(0.0, ge=0, le=1e6)

    def unsuitable(self, facts: Facts) -> str | None:
        """One head serves both domains, so the source must know every target class."""
        return source_lacks_classes(facts)

    def rank(self, case: Case) -> Rank:
        """The first domain adaptation."""
        return case.adaptation(0.0, "", "no strong shift to remove")

    def train(self, arm: Arm) -> Trained:
        """Fit features and head against the discriminator, early-stopped on the validation rows."""
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.adaptation import Adaptation
        from ntgate.training.adversarial import Adversary

        network = initial_network(arm)
        adversary = Adversary(
            width=network.head.in_features,
            classes=network.head.out_features,
            hidden=self.hidden,
            seed=arm.seed,
            conditional=self.conditional,
            entropy_weights=self.entropy_weights,
            class_weights=self.class_weights,
            layers=self.layers,
            smoothing=self.smoothing,
            rate=self.discriminator_rate,
            short_memory=self.short_memory,
        )
        objective = Adaptation(network, adversary, self.strength, self.entropy)
        return arm.fit(objective, domain_streams(arm), arm.pretrained.encoder)
