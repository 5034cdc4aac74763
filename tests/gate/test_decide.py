"""The gate: three outcomes, and missing evidence never passes."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.gate.decide import decide
from tests.gate.fresh import fresh, one_seed


def arms(n: int, gained: int, lost: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and scores of two arms that differ on ``gained + lost`` rows and both err on a tenth of the others."""
    y = np.arange(n) % 2
    first, second = y.copy(), y.copy()
    second[:gained] = 1 - y[:gained]
    first[gained : gained + lost] = 1 - y[gained : gained + lost]
    return y, np.eye(2)[first], np.eye(2)[second]


def outcome(decision, rule):
    return next(finding for finding in decision.findings if finding.rule == rule)


def test_a_clear_gain_passes():
    y, candidate, scratch = arms(500, 40, 10)
    decision = decide(fresh(y, candidate, scratch), one_seed())
    assert decision.outcome == "promoted"
    assert decision.gain == pytest.approx(0.06)
    assert decision.gain_interval[0] > 0
    assert "40 rows only the candidate gets right, 10 only scratch" in outcome(decision, "negative_transfer").reason
    assert outcome(decision, "champion").reason == "The registry holds no champion: this is the first."


def test_a_clear_loss_is_negative_transfer():
    y, candidate, scratch = arms(500, 10, 40)
    decision = decide(fresh(y, candidate, scratch), one_seed())
    assert decision.outcome == "rejected"
    assert decision.sentence == "Negative transfer: the candidate is 6.0 points worse than training from scratch."


def test_a_small_gain_is_inconclusive_and_says_how_many_labels_would_show_it():
    y, candidate, scratch = arms(200, 12, 8)
    decision = decide(fresh(y, candidate, scratch), one_seed())
    assert decision.outcome == "inconclusive"
    finding = outcome(decision, "negative_transfer")
    assert "test labels would show a gain like this" in finding.reason


def test_a_loss_is_called_one_and_labels_are_not_advised_where_they_would_show_no_gain():
    y, candidate, scratch = arms(500, 9, 14)
    decision = decide(fresh(y, candidate, scratch), one_seed())
    assert (decision.outcome, decision.deciding) == ("inconclusive", None)
    assert decision.sentence == (
        "The candidate is 1.0 points behind training from scratch: no evidence to promote, and not enough to call the transfer "
        "negative."
    )


def test_few_rows_leave_a_gain_possible_that_was_not_measured():
    y, candidate, scratch = arms(60, 4, 5)
    decision = decide(fresh(y, candidate, scratch), one_seed())
    assert not decision.deciding.measured
    assert "If it gains 3 points after all, labels of 169 of the 15 % of rows on which it and scratch disagree" in decision.sentence


def test_labels_that_other_rules_take_are_said_not_to_be_counted():
    y, candidate, scratch = arms(500, 20, 14)
    evidence = fresh(y, candidate, scratch, learners={"forest": candidate, "network": scratch})
    decision = decide(evidence, one_seed())
    assert decision.sentence.endswith("`ntgate ask` picks them. Not counted is what target_learners takes.")


def test_identical_arms_are_inconclusive():
    y, candidate, _ = arms(300, 0, 0)
    assert decide(fresh(y, candidate, candidate), one_seed()).outcome == "inconclusive"


def test_the_margin_has_to_be_exceeded():
    y, candidate, scratch = arms(500, 40, 10)
    assert decide(fresh(y, candidate, scratch), one_seed(margin=0.02)).outcome == "promoted"
    assert decide(fresh(y, candidate, scratch), one_seed(margin=0.05)).outcome == "inconclusive"
    assert decide(fresh(y, candidate, scratch), one_seed(margin=0.2)).outcome == "rejected"


@pytest.mark.parametrize("name", ["candidate", "scratch"])
@pytest.mark.parametrize("damage", ["absent", "nan", "rows"])
def test_missing_evidence_never_passes(name, damage):
    y, candidate, scratch = arms(500, 60, 0)
    scores = {"candidate": candidate, "scratch": scratch}
    scores[name] = {"absent": None, "nan": np.where(np.arange(500)[:, None] == 3, np.nan, scores[name]), "rows": scores[name][:-1]}[
        damage
    ]
    decision = decide(fresh(y, **scores), one_seed())
    assert decision.outcome == "inconclusive"
    assert name in outcome(decision, "negative_transfer").reason


def test_no_test_rows_are_inconclusive():
    decision = decide(fresh(np.zeros(0, int), np.zeros((0, 2)), np.zeros((0, 2))), one_seed())
    assert decision.outcome == "inconclusive"


def test_a_better_champion_stays():
    y, candidate, scratch = arms(500, 60, 10)
    decision = decide(fresh(y, candidate, scratch, np.eye(2)[y], "3"), one_seed(champion_margin=0.001))
    assert outcome(decision, "champion").outcome == "fail"
    assert decision.outcome == "rejected"


def test_an_equal_champion_is_replaced_within_the_margin():
    y, candidate, scratch = arms(1000, 60, 10)
    decision = decide(fresh(y, candidate, scratch, candidate, "3"), one_seed())
    assert outcome(decision, "champion").outcome == "pass"
    assert decision.outcome == "promoted"


def test_a_champion_that_cannot_be_scored_blocks():
    y, candidate, scratch = arms(500, 60, 10)
    decision = decide(fresh(y, candidate, scratch, None, "3", "its inputs differ."), one_seed())
    assert outcome(decision, "champion").outcome == "inconclusive"
    assert "its inputs differ." in outcome(decision, "champion").reason
    assert decision.outcome == "inconclusive"


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1", "roc_auc"])
def test_the_other_metrics_decide_too(metric):
    y, candidate, scratch = arms(500, 60, 5)
    config = one_seed(metric=metric, resamples=500)
    assert decide(fresh(y, candidate, scratch), config).outcome == "promoted"
    assert decide(fresh(y, scratch, candidate), config).outcome == "rejected"


def test_false_promotions_stay_below_alpha():
    rng = np.random.default_rng(0)
    promoted, trials = 0, 600
    for _ in range(trials):
        y = rng.integers(0, 2, 200)
        shared = rng.random(200) < 0.8
        pair = [np.eye(2)[np.where(np.where(shared, True, rng.random(200) < 0.5), y, 1 - y)] for _ in range(2)]
        promoted += decide(fresh(y, *pair), one_seed()).outcome == "promoted"
    assert promoted / trials <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / trials)


def test_a_lost_champion_is_missing_evidence_unless_somebody_answers_for_it():
    y, candidate, scratch = arms(500, 40, 10)
    gone = "version 2 was promoted, and no version carries the alias now"
    decision = decide(fresh(y, candidate, scratch, champion_lost=gone), one_seed())
    assert decision.outcome == "inconclusive"
    assert outcome(decision, "champion").reason == (
        f"The registry holds no champion any more: {gone}. Restore it, or run with --allow-first."
    )
    allowed = decide(fresh(y, candidate, scratch, champion_lost=gone, first_allowed=True), one_seed())
    assert allowed.outcome == "promoted"
    assert outcome(allowed, "champion").reason.startswith(f"The registry holds no champion any more: {gone}.")
    assert "--allow-first" in outcome(allowed, "champion").reason
    # It answers for a champion that is gone, not for one that is there.
    there = fresh(y, candidate, scratch, champion_version="2", champion_unusable="no model", first_allowed=True)
    assert decide(there, one_seed()).outcome == "inconclusive"


def test_what_decided_is_told_without_its_statistics():
    y, candidate, scratch = arms(500, 70, 30)
    better = np.eye(2)[y]
    against = decide(fresh(y, candidate, scratch, better, "3"), one_seed())
    assert against.sentence == "The candidate is 6.0 points worse than the champion."
    near = decide(fresh(y, candidate, scratch, better, "3"), one_seed(champion_margin=0.06))
    assert near.outcome == "inconclusive"
    assert near.sentence == "The candidate is not shown to be as good as the champion."
