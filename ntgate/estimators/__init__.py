"""Strategies and the shift test in scikit-learn's form."""

from ntgate.estimators.shift_test import ShiftTest
from ntgate.estimators.transfer_classifier import TransferClassifier

__all__ = ["ShiftTest", "TransferClassifier"]
