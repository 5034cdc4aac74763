"""What ntgate adds to ZenML: the steps of its pipelines, a data validator, and a view of its reports.

``zenml data-validator flavor register ntgate.zenml.NtgateDataValidatorFlavor`` makes the flavor known. Importing this package
imports ZenML; no other part of ntgate imports this package.
"""

from __future__ import annotations

from ntgate.zenml.data_validator import NtgateDataValidator
from ntgate.zenml.failure import alert_on_failure
from ntgate.zenml.flavor import NtgateDataValidatorConfig, NtgateDataValidatorFlavor
from ntgate.zenml.materializer import ResultMaterializer, ShiftReportMaterializer
from ntgate.zenml.pipelines import drift_checking, drift_then_retraining, retraining

__all__ = [
    "NtgateDataValidator",
    "NtgateDataValidatorConfig",
    "NtgateDataValidatorFlavor",
    "ResultMaterializer",
    "ShiftReportMaterializer",
    "alert_on_failure",
    "drift_checking",
    "drift_then_retraining",
    "retraining",
]
