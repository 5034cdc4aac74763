"""Packages that lie beside the benchmarks, and are on the path only while a benchmark runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from tests.checkout import ROOT


@contextmanager
def beside_benchmarks(package: str, *modules: str) -> Iterator[tuple[ModuleType, ...]]:
    """Modules of a package in benchmarks/, which is forgotten afterwards."""
    folder = str(ROOT / "benchmarks")
    sys.path.insert(0, folder)
    try:
        yield tuple(import_module(f"{package}.{module}") for module in modules)
    finally:
        sys.path.remove(folder)
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]
