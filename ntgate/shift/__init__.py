"""How far two domains are apart, in which respect, and by which features; each measure with its uncertainty."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntgate.shift.attribution.attribution import DriftAttribution, drift_attribution
    from ntgate.shift.classifier.a_distance import ProxyADistance, proxy_a_distance
    from ntgate.shift.classifier.held_out import HeldOut, held_out_predictions
    from ntgate.shift.kernel.mmd import MmdResult, mmd_test
    from ntgate.shift.proportions.class_proportions import LabelShift, label_shift
    from ntgate.shift.task.tasks import TaskDifference, task_difference

__all__ = [
    "DriftAttribution",
    "HeldOut",
    "LabelShift",
    "MmdResult",
    "ProxyADistance",
    "TaskDifference",
    "drift_attribution",
    "held_out_predictions",
    "label_shift",
    "mmd_test",
    "proxy_a_distance",
    "task_difference",
]

# No public name is that of a module: importing the module would put it in the function's place.
_HOME = {
    "DriftAttribution": "attribution.attribution",
    "HeldOut": "classifier.held_out",
    "LabelShift": "proportions.class_proportions",
    "MmdResult": "kernel.mmd",
    "ProxyADistance": "classifier.a_distance",
    "TaskDifference": "task.tasks",
    "drift_attribution": "attribution.attribution",
    "held_out_predictions": "classifier.held_out",
    "label_shift": "proportions.class_proportions",
    "mmd_test": "kernel.mmd",
    "proxy_a_distance": "classifier.a_distance",
    "task_difference": "task.tasks",
}


def __getattr__(name: str) -> Any:
    """Import a measure when it is first asked for: configs and results need neither torch nor scikit-learn."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
