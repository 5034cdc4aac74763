"""The metrics: adding one is one file and one line in this union; one of your own is named by its path or entry point."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from ntgate.metrics.accuracy import Accuracy
from ntgate.metrics.balanced_accuracy import BalancedAccuracy
from ntgate.metrics.base import Metric
from ntgate.metrics.brier import Brier
from ntgate.metrics.expected_cost import ExpectedCost
from ntgate.metrics.log_loss import LogLoss
from ntgate.metrics.macro_f1 import MacroF1
from ntgate.metrics.roc_auc import RocAuc
from ntgate.unions import OpenUnion

METRICS = OpenUnion(
    Metric, "a metric", "ntgate.metrics", (Accuracy, BalancedAccuracy, MacroF1, RocAuc, LogLoss, Brier, ExpectedCost), bare=True
)
AnyMetric: TypeAlias = Annotated[Metric, METRICS]
