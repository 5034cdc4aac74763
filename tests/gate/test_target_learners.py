"""The rule about scratch's learners: each has to be beaten, and one that is shown to be better rejects."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.data.leakage import Leakage
from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from ntgate.gate.decision import withheld
from ntgate.gate.evidence import Evidence
from ntgate.gate.wear import unworn

N = 400
Y = np.arange(N) % 2


def right_on(share: float, seed: int = 0) -> np.ndarray:
    """Scores that are right on a share of the rows."""
    hits = np.random.default_rng(seed).permutation(N) < share * N
    return np.eye(2)[np.where(hits, Y, 1 - Y)]


def decided(candidate: float, scratch: float, *, level: float | None = 0.2, **learners: float):
    evidence = Evidence(
        Y,
        right_on(candidate, 1),
        right_on(scratch, 2),
        learners={name: right_on(share, 3 + i) for i, (name, share) in enumerate(learners.items())},
        allowance=unworn(N, 0.05),
        leakage=Leakage(test_rows=N, off=True),
        constant=right_on(0.5, 9),
        constant_class="0",
        swapped_labels=(),
    )
    decision = decide(evidence, GateConfig(seeds=1, learner_alpha=level))
    return decision, next(finding for finding in decision.findings if finding.rule == "target_learners")


def test_a_learner_that_is_shown_to_be_better_stops_the_promotion_and_is_an_alarm():
    decision, finding = decided(0.75, 0.6, forest=0.9, logistic=0.55)
    assert (decision.outcome, finding.outcome) == ("rejected", "fail")
    assert "(forest, 90.0 %) is shown to beat the candidate" in finding.alarm
    assert finding.reason.endswith("The forest is shown to be better.")
    assert decision.sentence == finding.alarm  # once, and the numbers stand beside the rule


def test_a_learner_that_is_as_good_stops_the_promotion_until_it_is_shown_to_be_worse():
    decision, finding = decided(0.85, 0.6, extra_trees=0.84, logistic=0.5)
    assert (decision.outcome, finding.outcome) == ("inconclusive", "inconclusive")
    assert "not shown to be better than the extra trees: +0.010" in finding.reason
    assert finding.labels_wanted > N
    assert decision.verdict == (
        "The candidate beats training from scratch by 25.0 points, but is not shown to beat each of its learners alone: over the "
        "extra trees the gain is 1.0 points."
    )
    assert decided(0.85, 0.6, extra_trees=0.78, logistic=0.5)[0].outcome == "promoted"


def test_the_level_at_which_learners_have_to_be_beaten_is_a_setting():
    nearly = {"candidate": 0.85, "scratch": 0.6, "extra_trees": 0.82}
    outcomes = [decided(**nearly, level=level)[0].outcome for level in (0.01, 0.2, None)]
    assert outcomes == ["inconclusive", "promoted", "promoted"]


def test_a_learner_that_is_a_little_better_is_told_and_stops_nothing_where_that_is_not_asked():
    decision, finding = decided(0.85, 0.6, level=None, extra_trees=0.86)
    assert (decision.outcome, finding.outcome) == ("promoted", "pass")
    assert "extra trees 0.860" in finding.reason
    (over,) = decision.learners
    assert (over.strategy, over.value) == ("extra_trees", 0.86)
    assert over.gain == pytest.approx(-0.01)
    assert over.gain_interval[0] < over.gain < over.gain_interval[1]
    assert decision.constant.gain == pytest.approx(0.35)
    kept = withheld(decision)
    assert (kept.learners, kept.constant) == ((), None)


def test_a_baseline_of_one_learner_was_compared_already():
    decision, finding = decided(0.85, 0.6)
    assert (decision.outcome, finding.outcome) == ("promoted", "pass")


def test_rows_that_stay_closed_show_nothing():
    evidence = Evidence(Y, None, None, learners={"forest": right_on(0.6)})
    finding = next(found for found in decide(evidence, GateConfig(seeds=1)).findings if found.rule == "target_learners")
    assert finding.outcome == "inconclusive"


def test_a_learner_without_numbers_shows_nothing():
    evidence = Evidence(Y, right_on(0.9), right_on(0.6), learners={"forest": np.full((N, 2), np.nan)}, allowance=unworn(N, 0.05))
    finding = next(found for found in decide(evidence, GateConfig(seeds=1)).findings if found.rule == "target_learners")
    assert finding.outcome == "inconclusive"
    assert "the forest are not finite" in finding.reason


@pytest.mark.slow
def test_how_often_an_equal_candidate_is_lost():
    """A learner that is just as good is shown to be better with a chance of at most alpha."""
    lost = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        pair = [np.eye(2)[np.where(rng.random(N) < 0.8, Y, 1 - Y)] for _ in range(2)]
        evidence = Evidence(
            Y,
            pair[0],
            right_on(0.5),
            learners={"forest": pair[1]},
            allowance=unworn(N, 0.05),
            leakage=Leakage(test_rows=N, off=True),
            constant=right_on(0.5, 9),
            constant_class="0",
            swapped_labels=(),
        )
        found = decide(evidence, GateConfig(seeds=1)).findings
        lost += next(finding for finding in found if finding.rule == "target_learners").outcome == "fail"
    assert lost / 400 < 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5
