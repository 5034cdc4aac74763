"""The strategies: adding one is one file and one line in this union; one of your own is named by its path or entry point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

from ntgate.strategies.alignment import Alignment
from ntgate.strategies.base import Strategy
from ntgate.strategies.domain_adversarial import DomainAdversarial
from ntgate.strategies.encoder_decoder import EncoderDecoder
from ntgate.strategies.feature_extraction import FeatureExtraction
from ntgate.strategies.fine_tuning import FineTuning
from ntgate.strategies.instance_transfer import InstanceTransfer
from ntgate.strategies.linear_pool import LinearPool
from ntgate.strategies.moment_matching import MomentMatching
from ntgate.strategies.multi_task import MultiTask
from ntgate.strategies.parameter_transfer import ParameterTransfer
from ntgate.unions import OpenUnion

STRATEGIES = OpenUnion(
    Strategy,
    "a strategy",
    "ntgate.strategies",
    (
        FineTuning,
        FeatureExtraction,
        DomainAdversarial,
        MomentMatching,
        EncoderDecoder,
        MultiTask,
        ParameterTransfer,
        InstanceTransfer,
        Alignment,
        LinearPool,
    ),
)
AnyStrategy: TypeAlias = Annotated[Strategy, STRATEGIES]


def _as_list(value: Any) -> Any:
    """A single strategy stands for a list of one, and a kind alone for its defaults."""
    listed = [value] if isinstance(value, str | Mapping) else value
    if not isinstance(listed, list | tuple):
        return listed
    return [{"kind": item} if isinstance(item, str) else item for item in listed]


_Written: TypeAlias = AnyStrategy | str
Strategies: TypeAlias = Annotated[
    tuple[AnyStrategy, ...], BeforeValidator(_as_list, json_schema_input_type=_Written | list[_Written])
]
DEFAULT: tuple[AnyStrategy, ...] = (FineTuning(), FeatureExtraction(), DomainAdversarial())
