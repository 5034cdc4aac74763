"""Fine-tuning: all weights start from the source and go on learning on the target.

Yosinski et al., "How transferable are features in deep neural networks?", NeurIPS 2014.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ntgate.strategies.base import Arm, Strategy, Trained


class FineTuning(Strategy):
    """Train the source network further on the labelled target rows.

    Attributes:
        features_rate: the features learn at this multiple of the head's learning rate.
    """

    kind: Literal["fine_tuning"] = "fine_tuning"
    features_rate: float = Field(0.3, gt=0)

    def train(self, arm: Arm) -> Trained:
        """Fit all weights, early-stopped on the validation rows."""
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.source import rows_of
        from ntgate.training.supervised import Supervised

        objective = Supervised(initial_network(arm), self.features_rate)
        return arm.fit(objective, {"labelled": rows_of(arm.pretrained.encoder, arm.view.train)}, arm.pretrained.encoder)
