"""Checks for what a project adds: call them in a test of yours, as scikit-learn's ``check_estimator``.

Each kind of one's own is named in a config by its path, ``package.module:Class``, or by an entry point of its group:
``ntgate.strategies``, ``ntgate.metrics``, ``ntgate.rules`` or ``ntgate.readers``.
"""

from ntgate.testing.metrics import check_metric
from ntgate.testing.readers import check_reader
from ntgate.testing.rules import check_rule
from ntgate.testing.strategies import check_strategy

__all__ = ["check_metric", "check_reader", "check_rule", "check_strategy"]
