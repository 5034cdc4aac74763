"""ntgate: fine-tuning pipelines that refuse negative transfer.

``ntgate.run`` is a run from Python, ``ntgate.gate`` the verdict about two models' answers. Both are imported when they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntgate.api import run as run
    from ntgate.gate_of_arrays import judge as gate

__all__ = ["SCHEMA", "__version__", "gate", "run"]
__version__ = "0.1.0"

# The form of everything that is answered or stored: keys are added under the same number, anything else raises it.
SCHEMA = 1


def __getattr__(name: str) -> Any:
    if name == "run":
        return import_module("ntgate.api").run
    if name == "gate":
        return import_module("ntgate.gate")
    raise AttributeError(f"module 'ntgate' has no attribute {name!r}")
