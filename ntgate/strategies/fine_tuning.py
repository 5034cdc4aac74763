"""Fine-tuning: all weights start from the source and go on learning on the target.

Yosinski et al., "How transferable are features in deep neural networks?", NeurIPS 2014. The options, all off by default:
Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution", ICLR 2022 (LP-FT);
Li, Grandvalet & Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", ICML 2018 (L2-SP);
Chen et al., "Catastrophic Forgetting Meets Negative Transfer", NeurIPS 2019 (BSS, with the eta and k suggested there: 1e-3, 1);
Howard & Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018 (a rate a layer).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ntgate.strategies.base import Arm, Strategy, Trained

if TYPE_CHECKING:
    from torch import nn

    from ntgate.training.network import Network


class FineTuning(Strategy):
    """Train the source network further on the labelled target rows.

    Attributes:
        features_rate: the features learn at this multiple of the head's learning rate.
        layer_decay: each block of the features learns at this multiple of the rate of the block after it.
        probe_first: LP-FT: fit the head on the frozen features first, so that a wrong head does not distort them.
        l2_sp: weight of the features' squared distance to the source's; it takes the place of the weight decay.
        l2_sp_head: weight of the head's squared norm beside it.
        bss: weight of the squared smallest singular values of a batch of features.
        bss_directions: how many singular values that is.
    """

    kind: Literal["fine_tuning"] = "fine_tuning"
    features_rate: float = Field(0.3, gt=0)
    layer_decay: float = Field(1.0, gt=0, le=1)
    probe_first: bool = False
    l2_sp: float = Field(0.0, ge=0)
    l2_sp_head: float = Field(0.01, ge=0)
    bss: float = Field(0.0, ge=0)
    bss_directions: int = Field(1, gt=0)

    def train(self, arm: Arm) -> Trained:
        """Fit all weights, early-stopped on the validation rows."""
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.anchored import Anchored
        from ntgate.training.source import rows_of

        network = initial_network(arm)
        encoder = arm.pretrained.encoder
        if self.probe_first:
            from ntgate.strategies.feature_extraction import fit_probe

            fit_probe(arm, network)
        objective = Anchored(
            network,
            self._groups(network),
            anchor=self.l2_sp,
            head_decay=self.l2_sp_head,
            shrinkage=self.bss,
            directions=self.bss_directions,
        )
        return arm.fit(objective, {"labelled": rows_of(encoder, arm.view.train)}, encoder)

    def _groups(self, network: Network) -> list[tuple[list[nn.Parameter], float]]:
        """The parameters of each block, with their multiple of the base rate; the head's is 1."""
        from ntgate.training.blocks import blocks

        head = (list(network.head.parameters()), 1.0)
        if self.layer_decay == 1:
            return [(list(network.features.parameters()), self.features_rate), head]
        parts = [module for _, module in blocks(network.features)]
        depths = range(len(parts) - 1, -1, -1)
        return [
            *(
                (list(part.parameters()), self.features_rate * self.layer_decay**depth)
                for part, depth in zip(parts, depths, strict=True)
            ),
            head,
        ]
