"""What can be configured about the gate."""

from __future__ import annotations

from pydantic import Field

from ntgate.base import Frozen
from ntgate.evaluation.metrics import Metric


class GateConfig(Frozen):
    """The rules a candidate has to pass.

    Attributes:
        metric: the score that is compared.
        alpha: largest probability of promoting a candidate that does not beat scratch.
        margin: the gain over scratch that has to be exceeded.
        champion_margin: loss against the champion that is still "not worse".
        compression_margin: loss against the candidate before compression that is still "not worse".
        min_test_rows: with fewer test rows the verdict is inconclusive.
        resamples: of the bootstrap, for the metrics that need it.
        max_onnx_difference: largest difference between the scores of a network and of its exported model.
    """

    metric: Metric = "accuracy"
    alpha: float = Field(0.05, gt=0, lt=0.5)
    margin: float = Field(0.0, ge=0, lt=1)
    champion_margin: float = Field(0.02, gt=0, lt=1)
    compression_margin: float = Field(0.02, gt=0, lt=1)
    min_test_rows: int = Field(30, ge=1)
    resamples: int = Field(5000, ge=200)
    max_onnx_difference: float = Field(1e-4, gt=0)
