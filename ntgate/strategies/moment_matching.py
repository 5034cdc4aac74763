"""Domain adaptation by moments (DAN, Deep CORAL): features whose distributions, or covariances, are alike in both domains.

Long et al., "Learning Transferable Features with Deep Adaptation Networks", ICML 2015.
Sun & Saenko, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation", ECCV Workshops 2016.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ntgate.base import NUMBER, Real
from ntgate.strategies.base import Arm, Facts, Strategy, Trained
from ntgate.strategies.rank import Case, Rank
from ntgate.strategies.shared_head import domain_streams, source_lacks_classes


class MomentMatching(Strategy):
    """Learn from source and target labels while a distance of the domains' features is small.

    There is no second player: it is steadier than an adversary, and blind to what the chosen moments do not show.

    Attributes:
        distance: ``mmd`` (DAN) or ``coral`` (Deep CORAL).
        layers: what is matched: the features, the logits, or both.
        strength: final weight of the distance; None: 1 for ``mmd``; for ``coral``, whose factor ``1 / (4 d^2)`` makes wide features
            cheap, the width ``d``.
        entropy: final weight of the entropy of the predictions on target rows.
    """

    kind: Literal["moment_matching"] = "moment_matching"
    label: ClassVar[str] = "moment matching"
    streams: ClassVar[int] = 2
    distance: Literal["mmd", "coral"] = "mmd"
    layers: tuple[Literal["features", "logits"], ...] = Field(("features", "logits"), min_length=1)
    strength: Annotated[float, Field(ge=1e-9, le=1e6), NUMBER] | None = None
    entropy: Real = Field(0.0, ge=0, le=1e6)

    def unsuitable(self, facts: Facts) -> str | None:
        """One head serves both domains, so the source must know every target class."""
        return source_lacks_classes(facts)

    def rank(self, case: Case) -> Rank:
        """After the adversary."""
        return case.adaptation(0.1, ", matched without a second player", "no strong shift to match")

    def train(self, arm: Arm) -> Trained:
        """Fit features and head, early-stopped on the validation rows."""
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.adaptation import Adaptation
        from ntgate.training.moment_pulls import Covariances, MeanEmbeddings

        network = initial_network(arm)
        pull = MeanEmbeddings(self.layers) if self.distance == "mmd" else Covariances(self.layers)
        usual = 1.0 if self.distance == "mmd" else float(network.head.in_features)
        objective = Adaptation(network, pull, self.strength or usual, self.entropy)
        return arm.fit(objective, domain_streams(arm), arm.pretrained.encoder)
