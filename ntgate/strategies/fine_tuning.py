"""Fine-tuning: all weights start from the source and go on learning on the target.

Yosinski et al., "How transferable are features in deep neural networks?", NeurIPS 2014. The options, all off by default:
Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution", ICLR 2022 (LP-FT);
Li, Grandvalet & Davoine, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", ICML 2018 (L2-SP);
Chen et al., "Catastrophic Forgetting Meets Negative Transfer", NeurIPS 2019 (BSS, with the eta and k suggested there: 1e-3, 1);
Howard & Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018 (a rate a layer);
Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022 (see :mod:`ntgate.training.lora`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ntgate.base import NUMBER, Real, Whole
from ntgate.errors import ModelError
from ntgate.extras import install, lacking
from ntgate.strategies.base import Arm, Facts, Strategy, Trained
from ntgate.strategies.rank import Case, Rank
from ntgate.training.config import GENTLE, Transformers

if TYPE_CHECKING:
    from torch import nn

    from ntgate.training.network import Network


class FineTuning(Strategy):
    """Train the source network further on the labelled target rows.

    Attributes:
        features_rate: the features learn at this multiple of the head's learning rate; None: 0.3, and 0.05 of a transformer whose
            weights existed before the run.
        layer_decay: each block of the features learns at this multiple of the rate of the block after it.
        probe_first: LP-FT: fit the head on the frozen features first, so that a wrong head does not distort them.
        l2_sp: weight of the features' squared distance to the source's; it takes the place of the weight decay.
        l2_sp_head: weight of the head's squared norm beside it.
        bss: weight of the squared smallest singular values of a batch of features.
        bss_directions: how many singular values that is.
        lora_rank: LoRA: of a transformer's features learn corrections of this rank alone, which are merged into the weights in the
            end; 0: all weights learn. It needs the extra ``ntgate[transformers]``.
        lora_alpha: the corrections count ``lora_alpha / lora_rank``.
    """

    kind: Literal["fine_tuning"] = "fine_tuning"
    label: ClassVar[str] = "fine-tuning"
    needs_source_rows: ClassVar[bool] = False
    reads_by_network: ClassVar[bool] = True
    features_rate: Annotated[float, Field(ge=1e-9, le=1e6, allow_inf_nan=False), NUMBER] | None = None
    layer_decay: Real = Field(1.0, ge=1e-9, le=1)
    probe_first: bool = False
    l2_sp: Real = Field(0.0, ge=0, le=1e6)
    l2_sp_head: Real = Field(0.01, ge=0, le=1e6)
    bss: Real = Field(0.0, ge=0, le=1e6)
    bss_directions: Whole = Field(1, gt=0, le=16_384)
    lora_rank: Whole = Field(0, ge=0, le=16_384)
    lora_alpha: Real = Field(16.0, ge=1e-9, le=1e6)

    @model_validator(mode="after")
    def _one_way_of_staying_near(self) -> FineTuning:
        if self.lora_rank and self.l2_sp:
            raise ValueError("l2_sp or lora_rank, not both: the weights that l2_sp holds near the source's do not move with LoRA")
        return self

    def unsuitable(self, facts: Facts) -> str | None:  # noqa: ARG002
        """LoRA takes the package peft."""
        if self.lora_rank and lacking("transformers"):
            return f"LoRA needs the package peft: {install('transformers')}"
        return None

    def rank(self, case: Case) -> Rank:
        """It leads where the source is near."""
        if case.strong:
            return Rank(2.0, f"the source is far ({case.distance})")
        if case.proxy_a_distance is None:
            return Rank(1.0, "how far the pretrained model is from the target is not known")
        return Rank(1.0, f"the source is near ({case.distance})")

    def train(self, arm: Arm) -> Trained:
        """Fit what is to learn, early-stopped on the validation rows.

        Raises:
            ModelError: when a backbone that is no transformer is to learn by LoRA.
        """
        from ntgate.strategies.transfer import initial_network
        from ntgate.training.anchored import Anchored
        from ntgate.training.source import rows_of

        if self.lora_rank and not isinstance(arm.pretrained.spec.backbone, Transformers):
            raise ModelError(
                "fine_tuning.lora_rank",
                expected="a backbone of kind transformers",
                got=arm.pretrained.spec.backbone.kind,
                fix="set lora_rank to 0, or choose a transformer as model.backbone",
            )
        network = initial_network(arm)
        encoder = arm.pretrained.encoder
        if self.probe_first:
            from ntgate.strategies.feature_extraction import fit_probe

            fit_probe(replace(arm, until=None), network)
        if self.lora_rank:
            from ntgate.training.lora import with_lora

            network = with_lora(network, self.lora_rank, self.lora_alpha, seed=arm.seed)
        objective = Anchored(
            network,
            self._groups(network, self._rate(arm)),
            anchor=self.l2_sp,
            head_decay=self.l2_sp_head,
            shrinkage=self.bss,
            directions=self.bss_directions,
        )
        trained = arm.fit(objective, {"labelled": rows_of(encoder, arm.view.train)}, encoder)
        if not self.lora_rank:
            return trained
        from ntgate.training.lora import merged

        return arm.network(merged(network), encoder, trained.curve, trained.steps)

    def _rate(self, arm: Arm) -> float:
        if self.features_rate is not None:
            return self.features_rate
        from ntgate.training.word_vectors import is_word_vectors

        backbone = arm.pretrained.spec.backbone
        pretrained = arm.pretrained.loaded is not None and isinstance(backbone, Transformers)
        return GENTLE if pretrained and not is_word_vectors(backbone) else 0.3

    def _groups(self, network: Network, rate: float) -> list[tuple[list[nn.Parameter], float]]:
        """The parameters of each block that learn, with their multiple of the base rate; the head's is 1."""
        from ntgate.training.blocks import blocks

        parts = [network.features] if self.layer_decay == 1 else [module for _, module in blocks(network.features)]
        depths = range(len(parts) - 1, -1, -1)
        return [
            *(
                ([p for p in part.parameters() if p.requires_grad], rate * self.layer_decay**depth)
                for part, depth in zip(parts, depths, strict=True)
            ),
            (list(network.head.parameters()), 1.0),
        ]
