"""The comparison of ratios: worse than recorded by more than is tolerated fails, and so does what was never recorded."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
_SPEC = importlib.util.spec_from_file_location("bench_check", _FOLDER / "check.py")
assert _SPEC is not None
assert _SPEC.loader is not None
check = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(check)
RECORDED = dict.fromkeys(check.TOLERATED, 2.0)


def test_as_recorded_passes():
    lines, failed = check.compared(RECORDED, RECORDED)
    assert (len(lines), failed) == (len(check.TOLERATED), [])
    assert all(line.endswith("as recorded") for line in lines)


@pytest.mark.parametrize("name", check.TOLERATED)
def test_worse_by_more_than_is_tolerated_fails_in_its_own_direction(name):
    more_is_better, tolerated = check.TOLERATED[name]
    sign = -1 if more_is_better else 1
    for share, fails in ((tolerated - 0.01, False), (tolerated + 0.01, True), (-0.5, False)):
        lines, failed = check.compared({**RECORDED, name: 2 * (1 + sign * share)}, RECORDED)
        assert failed == ([name] if fails else []), share
        (line,) = [one for one in lines if one.startswith(f"{name}: ")]
        assert line.endswith("WORSE" if fails else "as recorded" if share > 0 else "better; record it")


def test_what_is_worse_is_measured_again_and_the_best_counts():
    name, other = list(check.TOLERATED)[2:4]  # less is better
    answers = {name: iter([2.9, 2.1]), other: iter([3.0, 3.1])}
    measures = {key: lambda key=key: next(answers[key]) for key in answers}
    found = check.measured_again({**RECORDED, name: 3.0, other: 3.2}, RECORDED, measures)
    assert (found[name], found[other]) == (2.1, 3.0)
    assert check.compared(found, RECORDED)[1] == [other]


def test_what_is_recorded_or_measured_nowhere_fails():
    name = next(iter(check.TOLERATED))
    less = {key: value for key, value in RECORDED.items() if key != name}
    assert check.compared(RECORDED, less)[1] == check.compared(less, RECORDED)[1] == [name]


def test_every_ratio_is_recorded():
    assert json.loads((_FOLDER / "results" / "check.json").read_text()).keys() == check.TOLERATED.keys()
