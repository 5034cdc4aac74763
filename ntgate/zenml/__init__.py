"""What ntgate adds to a ZenML stack: a data validator, and a view of its reports.

``zenml data-validator flavor register ntgate.zenml.NtgateDataValidatorFlavor`` makes the flavor known. Importing this package
imports ZenML; no other part of ntgate imports this package.
"""

from __future__ import annotations

from ntgate.zenml.data_validator import NtgateDataValidator
from ntgate.zenml.flavor import NtgateDataValidatorConfig, NtgateDataValidatorFlavor
from ntgate.zenml.materializer import ShiftReportMaterializer

__all__ = [
    "NtgateDataValidator",
    "NtgateDataValidatorConfig",
    "NtgateDataValidatorFlavor",
    "ShiftReportMaterializer",
]
