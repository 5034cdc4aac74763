"""When a shift is to be acted upon: the p-value shows it, the effect size grades it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import binom

from ntgate.shift.config import ShiftConfig
from ntgate.shift.report import measure, verdict


def normal(seed: int, n: int, m: int, width: int = 8, moved: float = 0.0, features: int | None = None, **config):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, width)).astype(np.float32)
    y = rng.normal(size=(m, width)).astype(np.float32)
    y[:, :features] += moved
    return measure(x, y, ShiftConfig(permutations=99, **config), seed, representation="raw")


@pytest.mark.parametrize(
    ("significant", "effect", "tolerated", "outcome"),
    [
        (False, 0.9, 0.0, "none"),
        (True, 0.2, 0.1, "shift"),
        (True, 0.1, 0.1, "tolerated"),
        (True, 0.0, 0.1, "tolerated"),
        (True, 0.0, 0.0, "shift"),  # seen at another bandwidth: nothing is tolerated at 0
        (True, math.nan, 0.1, "shift"),  # an effect that could not be measured is no small one
    ],
)
def test_verdict(significant, effect, tolerated, outcome):
    assert verdict(significant, effect, tolerated) == outcome


@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan])
def test_a_tolerance_that_would_never_fire_is_refused(value):
    with pytest.raises(ValidationError):
        ShiftConfig(tolerated_effect=value)


def test_a_report_carries_what_it_was_compared_with():
    found = normal(0, 300, 300, moved=0.5, tolerated_effect=0.3)
    assert (found.outcome, found.tolerated_effect, found.significant) == ("tolerated", 0.3, True)
    assert found.sentence.endswith(f"Its effect size {found.effect_size:.3g} is within the tolerated 0.3.")
    assert type(found).model_validate(found.model_dump(mode="json")) == found  # as it crosses a step


def test_equal_domains_trigger_no_more_often_than_the_level():
    trials = 150
    called = sum(normal(seed, 100, 60, width=3).outcome != "none" for seed in range(trials))
    assert called <= binom.ppf(0.999, trials, 0.05)


@pytest.mark.parametrize("m", [30, 1000])
def test_a_shift_beyond_the_tolerated_effect_is_called_however_few_the_rows(m):
    """Eight features, each moved by half a deviation: an effect of 0.085 against a tolerated 0.05."""
    trials = 40
    reports = [normal(seed, 700, m, moved=0.5, tolerated_effect=0.05) for seed in range(trials)]
    called = sum(report.outcome == "shift" for report in reports)
    assert called >= binom.ppf(0.001, trials, 0.9)
    if m == 30:  # the lower end of the interval would let most of them pass
        assert sum(report.effect_interval[0] > 0.05 for report in reports) < called - 10


def test_a_small_shift_is_tolerated_however_many_the_rows():
    """Moved by a fifth of a deviation: an effect of 0.015, beyond doubt and within what is tolerated."""
    reports = [normal(seed, 3000, 3000, moved=0.2, tolerated_effect=0.05) for seed in range(10)]
    assert {report.outcome for report in reports} == {"tolerated"}
    assert normal(0, 3000, 3000, moved=0.2).outcome == "shift"  # the default tolerates nothing


@pytest.mark.parametrize(
    ("width", "features", "effects"),
    [
        (1, 1, (0.012, 0.05, 0.19)),
        (8, 8, (0.014, 0.084, 0.26)),
        (64, 64, (0.015, 0.085, 0.27)),
        (8, 1, (0.002, 0.010, 0.036)),
        (64, 1, (0.0003, 0.0015, 0.005)),
    ],
)
def test_the_table_of_effect_sizes_in_the_docstring(width, features, effects):
    for moved, effect in zip((0.2, 0.5, 1.0), effects, strict=True):
        found = normal(0, 4000, 4000, width, moved, features)
        low, high = found.effect_interval
        assert low - 0.1 * effect <= effect <= high + 0.1 * effect
