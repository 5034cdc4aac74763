"""The strategies: adding one is one file and one line in this union."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from ntgate.strategies.alignment import Alignment
from ntgate.strategies.domain_adversarial import DomainAdversarial
from ntgate.strategies.encoder_decoder import EncoderDecoder
from ntgate.strategies.feature_extraction import FeatureExtraction
from ntgate.strategies.fine_tuning import FineTuning
from ntgate.strategies.instance_transfer import InstanceTransfer
from ntgate.strategies.linear_pool import LinearPool
from ntgate.strategies.moment_matching import MomentMatching
from ntgate.strategies.multi_task import MultiTask
from ntgate.strategies.parameter_transfer import ParameterTransfer

AnyStrategy: TypeAlias = Annotated[
    FineTuning
    | FeatureExtraction
    | DomainAdversarial
    | MomentMatching
    | EncoderDecoder
    | MultiTask
    | ParameterTransfer
    | InstanceTransfer
    | Alignment
    | LinearPool,
    Field(discriminator="kind"),
]
DEFAULT: tuple[AnyStrategy, ...] = (FineTuning(), FeatureExtraction(), DomainAdversarial())
