"""The gate: evidence in, findings and a decision out. Called as a function, ``ntgate.gate``, it judges arrays."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Gate(ModuleType):
    """This package as a function, too: importing anything of it puts it in the place of a function of its name."""

    def __call__(self, *arrays: Any, **settings: Any) -> Any:
        """See :func:`ntgate.gate_of_arrays.judge`, which stands above this package and so is imported by name."""
        return import_module("ntgate.gate_of_arrays").judge(*arrays, **settings)


sys.modules[__name__].__class__ = _Gate
