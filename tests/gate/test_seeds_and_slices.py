"""Further seeds can take a promotion away, and a loss on a mandatory slice stands against a gain on average."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from tests.gate.fresh import fresh, one_seed


def arm(y: np.ndarray, errors: int, rng: np.random.Generator) -> np.ndarray:
    """Scores of an arm that errs on so many rows, wherever."""
    said = y.copy()
    wrong = rng.choice(len(y), errors, replace=False)
    said[wrong] = 1 - y[wrong]
    return np.eye(2)[said]


def named(decision, rule):
    return [finding for finding in decision.findings if finding.rule.startswith(rule)]


@pytest.fixture
def pair():
    rng, y = np.random.default_rng(0), np.arange(600) % 2
    return y, arm(y, 30, rng), arm(y, 90, rng), rng


def further(y, errors, rng, seeds=2):
    return np.stack([arm(y, errors, rng) for _ in range(seeds)])


def test_seeds_that_agree_pass_and_their_mean_is_told(pair):
    y, candidate, scratch, rng = pair
    more = {"candidate_seeds": further(y, 36, rng), "scratch_seeds": further(y, 84, rng)}
    decision = decide(fresh(y, candidate, scratch, **more), GateConfig())
    assert decision.outcome == "promoted"
    assert decision.over_seeds.gains == pytest.approx((0.1, 0.08, 0.08))
    assert decision.over_seeds.gain == pytest.approx(0.26 / 3)
    assert decision.over_seeds.interval[0] < decision.over_seeds.gain < decision.over_seeds.interval[1]


@pytest.mark.parametrize(("seeds", "errors", "outcome"), [(3, 126, "inconclusive"), (9, 270, "fail")])
def test_seeds_that_contradict_block(pair, seeds, errors, outcome):
    y, candidate, scratch, rng = pair
    more = {"candidate_seeds": further(y, errors, rng, seeds - 1), "scratch_seeds": further(y, 90, rng, seeds - 1)}
    decision = decide(fresh(y, candidate, scratch, **more), GateConfig(seeds=seeds))
    assert named(decision, "seeds")[0].outcome == outcome
    assert named(decision, "negative_transfer")[0].outcome == "pass"  # the shipped pair alone would have passed
    assert decision.outcome == {"inconclusive": "inconclusive", "fail": "rejected"}[outcome]


@pytest.mark.parametrize("held", [0, 1])
def test_missing_seeds_are_missing_evidence(pair, held):
    y, candidate, scratch, rng = pair
    more = {}
    if held:
        more = {"candidate_seeds": further(y, 30, rng)[:held], "scratch_seeds": further(y, 90, rng)[:held]}
    decision = decide(fresh(y, candidate, scratch, **more), GateConfig())
    assert decision.outcome == "inconclusive"
    assert named(decision, "seeds")[0].outcome == "inconclusive"


def test_a_seed_whose_scores_are_not_finite_is_no_evidence(pair):
    y, candidate, scratch, rng = pair
    broken = further(y, 30, rng)
    broken[1, 5] = np.nan
    more = {"candidate_seeds": broken, "scratch_seeds": further(y, 90, rng)}
    assert decide(fresh(y, candidate, scratch, **more), GateConfig()).outcome == "inconclusive"


def test_a_slice_that_loses_fails_whatever_the_average(pair):
    y, candidate, scratch, _ = pair
    region = np.repeat(["north", "south"], [540, 60])
    candidate[540:] = np.eye(2)[1 - y[540:]]  # every row of the south wrong
    scratch[540:] = np.eye(2)[y[540:]]
    scratch[:300] = np.eye(2)[1 - y[:300]]
    config = one_seed(slices=["region"])
    decision = decide(fresh(y, candidate, scratch, slices={"region": region}), config)
    outcomes = {finding.rule: finding.outcome for finding in named(decision, "slice")}
    assert outcomes == {"slice region=north, against scratch": "pass", "slice region=south, against scratch": "fail"}
    assert decision.gain > 0.2
    assert decision.outcome == "rejected"
    assert decide(fresh(y, candidate, scratch), one_seed()).outcome == "promoted"


def test_a_slice_too_small_is_inconclusive_and_says_how_many_labels(pair):
    y, candidate, scratch, _ = pair
    region = np.repeat(["north", "south"], [592, 8])
    config = one_seed(slices=[{"by": "region", "margin": 0.1, "min_rows": 20}])
    decision = decide(fresh(y, candidate, scratch, slices={"region": region}), config)
    (south,) = named(decision, "slice region=south")
    assert south.outcome == "inconclusive"
    assert "at least 20 fresh ones" in south.reason
    assert decision.outcome == "inconclusive"


def test_slices_hold_against_the_champion_too(pair):
    y, candidate, scratch, _ = pair
    decision = decide(fresh(y, candidate, scratch, np.eye(2)[y], "3", slices={"class": y.astype(str)}), one_seed(slices=["class"]))
    assert [finding.rule for finding in named(decision, "slice")] == [
        f"slice class={value}, against {other}" for value in "01" for other in ("scratch", "champion")
    ]


def test_slices_that_no_row_has_are_inconclusive(pair):
    y, candidate, scratch, _ = pair
    decision = decide(fresh(y, candidate, scratch), one_seed(slices=["region"]))
    assert named(decision, "slice region")[0].outcome == "inconclusive"
    assert decision.outcome == "inconclusive"
