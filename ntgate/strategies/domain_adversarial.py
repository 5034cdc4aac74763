"""Domain adaptation by an adversary (DANN): features from which source and target cannot be told apart.

Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 17 (2016).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ntgate.strategies.base import Arm, Facts, Strategy, Trained


class DomainAdversarial(Strategy):
    """Learn from source and target labels on features that hide the domain.

    Attributes:
        strength: final weight of the reversed gradient.
        hidden: hidden width of the domain discriminator.
    """

    kind: Literal["domain_adversarial"] = "domain_adversarial"
    strength: float = Field(0.3, gt=0)
    hidden: int = Field(128, gt=0)

    def unsuitable(self, facts: Facts) -> str | None:
        """One head serves both domains, so the source must know every target class."""
        missing = facts.classes_without_source
        if not missing:
            return None
        named = ", ".join(repr(name) for name in missing[:5]) + (", ..." if len(missing) > 5 else "")
        return f"it needs one head for both domains, and the source has no class {named}"

    def train(self, arm: Arm) -> Trained:
        """Fit features and head against the discriminator, early-stopped on the validation rows."""
        import torch

        from ntgate.strategies.transfer import initial_network
        from ntgate.training.adversarial import Adversarial
        from ntgate.training.source import rows_of
        from ntgate.training.streams import Rows

        network = initial_network(arm)
        encoder, view = arm.pretrained.encoder, arm.view
        labelled = rows_of(encoder, view.train)
        streams = {"source": rows_of(encoder, view.source.relabelled(view.train.classes)), "labelled": labelled}
        if view.unlabelled is not None:
            streams["target"] = Rows(torch.cat([labelled.x, rows_of(encoder, view.unlabelled).x]))
        objective = Adversarial(
            network, width=network.head.in_features, hidden=self.hidden, strength=self.strength, seed=arm.seed
        )
        return arm.fit(objective, streams, encoder)
