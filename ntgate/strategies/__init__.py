"""The strategies: adding one is one file and one line in this union; one of your own is named by its path or entry point."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from ntgate.strategies.alignment import Alignment
from ntgate.strategies.base import Strategy, by_kind
from ntgate.strategies.continued_boosting import ContinuedBoosting
from ntgate.strategies.domain_adversarial import DomainAdversarial
from ntgate.strategies.encoder_decoder import EncoderDecoder
from ntgate.strategies.feature_extraction import FeatureExtraction
from ntgate.strategies.fine_tuning import FineTuning
from ntgate.strategies.instance_transfer import InstanceTransfer
from ntgate.strategies.moment_matching import MomentMatching
from ntgate.strategies.multi_task import MultiTask
from ntgate.strategies.parameter_transfer import ParameterTransfer
from ntgate.strategies.pool import BoostingPool, ExtraTreesPool, ForestPool, LinearPool
from ntgate.strategies.residual_features import ResidualFeatures
from ntgate.strategies.source_scores import SourceScores
from ntgate.strategies.weight_interpolation import WeightInterpolation
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
        ResidualFeatures,
        WeightInterpolation,
        LinearPool,
        ForestPool,
        ExtraTreesPool,
        BoostingPool,
        SourceScores,
        ContinuedBoosting,
    ),
)
AnyStrategy: TypeAlias = Annotated[Strategy, STRATEGIES]


_Written: TypeAlias = AnyStrategy | str
Strategies: TypeAlias = Annotated[
    tuple[AnyStrategy, ...], BeforeValidator(by_kind, json_schema_input_type=_Written | list[_Written])
]
DEFAULT: tuple[AnyStrategy, ...] = (
    FineTuning(),
    FeatureExtraction(),
    DomainAdversarial(),
    LinearPool(),
    ForestPool(),
    ExtraTreesPool(),
    BoostingPool(),
)
