"""ntgate: fine-tuning pipelines that refuse negative transfer.

``ntgate.run`` is a run from Python, ``ntgate.ask`` and ``ntgate.judge`` decide it by few labels, ``ntgate.gate`` is the verdict
about two models' answers. ``ntgate.TransferClassifier`` and ``ntgate.ShiftTest`` are a strategy and the shift test in
scikit-learn's form. All are imported when they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntgate.api import run as run
    from ntgate.api_labels import ask as ask
    from ntgate.api_labels import judge as judge
    from ntgate.estimators import ShiftTest as ShiftTest
    from ntgate.estimators import TransferClassifier as TransferClassifier
    from ntgate.gate_of_arrays import judge as gate

__all__ = ["SCHEMA", "ShiftTest", "TransferClassifier", "__version__", "ask", "gate", "judge", "run"]
__version__ = "0.3.0"

# The form of everything that is answered or stored: keys are added under the same number, anything else raises it.
SCHEMA = 1


def __getattr__(name: str) -> Any:
    if name == "run":
        return import_module("ntgate.api").run
    if name in ("ask", "judge"):
        return getattr(import_module("ntgate.api_labels"), name)
    if name in ("ShiftTest", "TransferClassifier"):
        return getattr(import_module("ntgate.estimators"), name)
    if name == "gate":
        return import_module("ntgate.gate")
    raise AttributeError(f"module 'ntgate' has no attribute {name!r}")
