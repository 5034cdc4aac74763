"""Encoder and decoder (DRCN): one encoder that classifies the source and can rebuild the target.

Ghifary et al., "Deep Reconstruction-Classification Networks for Unsupervised Domain Adaptation", ECCV 2016.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Real, Whole
from ntgate.strategies.base import Arm, Facts, Strategy, Trained
from ntgate.strategies.rank import Case, Rank
from ntgate.strategies.shared_head import domain_streams, source_lacks_classes


class EncoderDecoder(Strategy):
    """Learn from source and target labels on features from which a decoder rebuilds target rows; the decoder is then dropped.

    What target rows look like need not be what tells their classes: on MNIST to USPS without target labels, ``strength`` 1 lost
    four points to the source alone, and with ``noise`` 0.5 gained three (``benchmarks/unsupervised_digits.py``), far less than an
    adversary. Tried with one seed at 800 steps and no better: zeros in place of the mean with five times the strength, a fifth of
    the inputs masked with twice the strength, a convolutional decoder, rebuilding both domains. The random shifts and turns that
    the paper adds are left out. With target labels the noise changed little (five pairs of ``benchmarks/strategies_accuracy.py``).

    Attributes:
        strength: final weight of the reconstruction; the classification has 1.
        hidden: hidden width of the decoder.
        noise: share of a target row's inputs that are masked before the row is encoded; the decoder rebuilds the whole row.
    """

    kind: Literal["encoder_decoder"] = "encoder_decoder"
    label: ClassVar[str] = "encoder and decoder"
    streams: ClassVar[int] = 2
    strength: Real = Field(0.5, ge=1e-9, le=1e6)
    hidden: Whole = Field(256, gt=0, le=16_384)
    noise: Real = Field(0.5, ge=0, lt=1)

    def unsuitable(self, facts: Facts) -> str | None:
        """One head serves both domains, so the source must know every target class."""
        return source_lacks_classes(facts)

    def rank(self, case: Case) -> Rank:
        """After the moments: it asks for no more than that features hold what rows look like."""
        return case.adaptation(0.2, ", rebuilt by the features", "no strong shift that target rows could tell of")

    def train(self, arm: Arm) -> Trained:
        """Fit encoder, classifier and decoder, early-stopped on the validation rows."""
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.adaptation import Adaptation
        from ntgate.training.reconstruction import Reconstruction

        network = initial_network(arm)
        objective = Adaptation(network, Reconstruction(network, self.hidden, arm.seed, self.noise), self.strength)
        return arm.fit(objective, domain_streams(arm), arm.pretrained.encoder)
