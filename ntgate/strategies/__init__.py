"""The strategies: adding one is one file and one line in this union."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from ntgate.strategies.alignment import Alignment
from ntgate.strategies.domain_adversarial import DomainAdversarial
from ntgate.strategies.feature_extraction import FeatureExtraction
from ntgate.strategies.fine_tuning import FineTuning
from ntgate.strategies.instance_transfer import InstanceTransfer

AnyStrategy: TypeAlias = Annotated[
    FineTuning | FeatureExtraction | DomainAdversarial | InstanceTransfer | Alignment,
    Field(discriminator="kind"),
]
DEFAULT: tuple[AnyStrategy, ...] = (FineTuning(), FeatureExtraction(), DomainAdversarial())
