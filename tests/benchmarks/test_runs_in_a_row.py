"""The table of runs in a row tells a leak from what is flat."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

_FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(str(_FOLDER))
    yield importlib.import_module("runs_in_a_row")
    for name in ("runs_in_a_row", "machine"):
        sys.modules.pop(name, None)


def looks(module: ModuleType, numbers: range, leak: int) -> list:
    disk = dict.fromkeys(module._DISK, 10**6)
    return [
        module.Look(9.0, 4.0 - (number % 3) / 100, "rejected", 12 + leak * number // 10, 8, 7 * 10**8, disk, 0)
        for number in numbers
    ]


@pytest.mark.parametrize(("leak", "called"), [(0, "flat"), (1, "grows")])
def test_a_file_that_stays_open_every_tenth_run(module, leak, called):
    found = module.rows(looks(module, range(200), leak), looks(module, range(9, 200, 10), leak), [1.0] * 20)
    assert len(module.table(found)) == 22
    assert module.table(found)[2].startswith("| 10 | 9.0 | 4.0 | 1.0 | 12 | 8 | 700 | 1.00 |")
    ends = {line.split(" | ")[0].strip("| "): line.split(" | ")[-1].strip("| ") for line in module.growth(found)[2:]}
    assert ends.pop("open files") == called
    assert set(ends.values()) == {"flat"}
