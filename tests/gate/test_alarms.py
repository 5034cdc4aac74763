"""What no verdict may hide: swapped labels, a collapsed champion, models that are no better than a constant guess."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import binom

from ntgate.data.leakage import Leakage
from ntgate.gate.decide import decide
from ntgate.gate.evidence import Evidence
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.row_history import History
from ntgate.gate.wear import allow, unworn
from tests.gate.fresh import fresh, one_seed
from tests.gate.test_decide import arms, outcome

SWAP = "target class 'a' looks like source class 'b' and 'b' like 'a' (p = 3e-08)."


def right_on(y: np.ndarray, rows: np.ndarray | slice) -> np.ndarray:
    """Scores of a model that is right on ``rows`` alone, among two classes."""
    answers = 1 - y
    answers[rows] = y[rows]
    return np.eye(2)[answers]


def test_swapped_labels_block_a_promotion_until_the_config_says_that_they_are_meant():
    y, candidate, scratch = arms(500, 40, 10)
    shown = fresh(y, candidate, scratch, swapped_labels=(SWAP,))
    decision = decide(shown, one_seed())
    assert decision.outcome == "inconclusive"
    assert outcome(decision, "labels").warning
    assert decision.alarms == (decision.sentence,)
    assert SWAP in decision.sentence
    assert "`gate: {swapped_labels: accept}`" in decision.sentence
    accepted = decide(shown, one_seed(swapped_labels="accept"))
    assert accepted.outcome == "promoted"
    assert accepted.alarms == ()
    assert outcome(accepted, "labels").reason == f"{SWAP} gate.swapped_labels says that this is meant."


def test_a_loss_is_rejected_whatever_the_labels_and_the_headline_has_both():
    y, candidate, scratch = arms(500, 10, 40)
    decision = decide(fresh(y, candidate, scratch, swapped_labels=(SWAP,)), one_seed())
    assert decision.outcome == "rejected"
    assert decision.sentence.startswith("Negative transfer: the candidate is 6.0 points worse")
    assert decision.sentence.endswith(decision.alarms[0])


def test_what_the_training_labels_show_is_no_result_and_is_never_withheld():
    y, candidate, scratch = arms(500, 40, 10)
    allowance = allow(History.fresh(500), LedgerConfig(horizon=52), alpha=0.05, min_test_rows=30)
    bad = right_on(y, slice(0, 80))
    kept = decide(fresh(y, candidate, scratch, bad, "3", swapped_labels=(SWAP,), allowance=allowance), one_seed())
    assert kept.withheld
    assert [finding.rule for finding in kept.findings] == ["wear", "test_rows", "reading", "labels", "withheld"]
    assert kept.alarms == (outcome(kept, "labels").alarm,)  # and nothing of the champion


def test_a_collapsed_champion_is_told_whatever_the_verdict_is():
    y = np.arange(200) % 10
    scratch, candidate, champion = np.eye(10)[y], np.eye(10)[y], np.eye(10)[(y + 1) % 10]
    scratch[:14] = np.eye(10)[(y[:14] + 2) % 10]
    champion[:30] = np.eye(10)[y[:30]]
    decision = decide(fresh(y, candidate, scratch, champion, "3"), one_seed())
    told = "The champion has collapsed on this target: 15.0 % where a model from scratch has 93.0 %."
    finding = outcome(decision, "champion")
    assert (decision.outcome, finding.outcome, finding.warning) == ("promoted", "pass", True)
    assert finding.reason.endswith(told)
    assert decision.alarms == (told,)
    assert decision.sentence == f"The candidate beats training from scratch by 7.0 points and passes every rule. {told}"
    other = decide(fresh(y, scratch, scratch, champion, "3"), one_seed())
    assert other.outcome == "inconclusive"
    assert other.sentence.endswith(told)


def test_a_champion_below_the_constant_guess_has_collapsed_even_where_scratch_is_no_better():
    y = np.repeat([0, 1], [180, 20])
    champion, scratch = right_on(y, slice(0, 120)), right_on(y, slice(0, 125))
    decision = decide(fresh(y, np.eye(2)[y], scratch, champion, "3"), one_seed())
    told = "The champion has collapsed on this target: 60.0 % where always answering '0' has 90.0 %."
    assert told in decision.alarms
    assert decision.outcome == "promoted"


@pytest.mark.parametrize("right", [150, 168])
def test_a_champion_that_is_only_behind_is_no_alarm(right):
    y = np.arange(200) % 2
    scratch = right_on(y, slice(0, 180))
    decision = decide(fresh(y, np.eye(2)[y], scratch, right_on(y, slice(0, right)), "3"), one_seed())
    assert decision.alarms == ()
    assert not outcome(decision, "champion").warning


def test_an_equal_champion_is_rarely_said_to_have_collapsed():
    """Champion and scratch stand just where half of the lead is lost; the alarm is wrong in alpha of all cases."""
    rng, wrong, draws = np.random.default_rng(0), 0, 200
    y = np.arange(200) % 2
    for _ in range(draws):
        scratch = right_on(y, rng.random(200) < 0.9)
        champion = right_on(y, rng.random(200) < 0.7)
        wrong += bool(decide(fresh(y, scratch, scratch, champion, "3"), one_seed()).alarms)
    assert wrong / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)


def test_a_candidate_that_is_not_shown_to_be_above_the_constant_guess_is_not_promoted():
    """Wine: 65 % over 60 %, where the commoner class alone gives 61 %."""
    y = np.repeat([0, 1], [91, 59])
    candidate, scratch = right_on(y, slice(10, 108)), right_on(y, slice(10, 100))
    decision = decide(fresh(y, candidate, scratch), one_seed())
    assert outcome(decision, "negative_transfer").outcome == "pass"
    finding = outcome(decision, "constant_guess")
    assert finding.outcome == "inconclusive"
    assert "always answering '0' is 0.607" in finding.reason
    assert decision.outcome == "inconclusive"
    alarm = "Training from scratch is not above always answering '0': 60.0 % where that has 60.7 %; beating it says little."
    assert decision.alarms == (alarm,)
    assert decision.sentence == f"The candidate is not shown to be above the constant guess. {alarm}"
    assert outcome(decision, "negative_transfer").reason.endswith(alarm)


def test_a_candidate_below_the_constant_guess_is_rejected():
    y = np.repeat([0, 1], [270, 30])
    candidate, scratch = right_on(y, np.arange(300) < 200), right_on(y, np.arange(300) < 150)
    decision = decide(fresh(y, candidate, scratch), one_seed())
    assert outcome(decision, "negative_transfer").outcome == "pass"
    assert outcome(decision, "constant_guess").outcome == "fail"
    assert decision.outcome == "rejected"
    assert "The candidate is not above always answering '0': 66.7 % where that has 90.0 %." in decision.alarms


@pytest.mark.parametrize(("metric", "chance"), [("balanced_accuracy", 0.5), ("macro_f1", 1 / 3), ("roc_auc", 0.5)])
def test_every_metric_has_its_constant_guess(metric, chance):
    y, candidate, scratch = arms(600, 90, 20)
    decision = decide(fresh(y, candidate, scratch), one_seed(metric=metric, resamples=500))
    finding = outcome(decision, "constant_guess")
    assert finding.outcome == "pass"
    assert f"always answering '0' is {chance:.3f}" in finding.reason


def test_without_a_constant_guess_there_is_no_promotion():
    y, candidate, scratch = arms(500, 40, 10)
    decision = decide(fresh(y, candidate, scratch, constant=None), one_seed())
    assert decision.outcome == "inconclusive"
    assert outcome(decision, "constant_guess").reason == "Nothing to compare: there are no scores of the constant guess."


def test_a_stream_bets_against_the_constant_guess_as_well():
    y = np.arange(60) % 2
    right, guess = np.eye(2)[y], right_on(y, slice(0, 40))
    before = {"scratch": (60, 20, 0)}
    allowance = unworn(60, 0.05).model_copy(update={"policy": "e_process", "earlier": before})
    new = decide(fresh(y, right, guess, allowance=allowance), one_seed())
    assert new.outcome == "promoted"  # 30 of 60 rows are gained over the constant guess
    few = fresh(y[:4], right[:4], guess[:4], allowance=allowance)
    assert outcome(decide(few, one_seed()), "constant_guess").outcome == "inconclusive"
    known = allowance.model_copy(update={"earlier": {**before, "constant guess 0": (40, 40, 0)}})
    few = fresh(y[:4], right[:4], guess[:4], allowance=known, constant_class="0")
    assert outcome(decide(few, one_seed()), "constant_guess").outcome == "pass"


def collapsed(scratch_right: int = 186, champion_right: int = 30) -> Evidence:
    """Ten classes; a candidate that is as good as scratch, and a champion."""
    y = np.arange(200) % 10
    scratch, champion = np.eye(10)[y], np.eye(10)[(y + 1) % 10]
    scratch[scratch_right:] = np.eye(10)[(y[scratch_right:] + 2) % 10]
    champion[:champion_right] = np.eye(10)[y[:champion_right]]
    return fresh(y, scratch, scratch, champion, "3")


def test_scratch_takes_the_place_of_a_collapsed_champion_where_the_config_says_so():
    told = decide(collapsed(), one_seed())
    assert (told.outcome, told.replacement) == ("inconclusive", None)
    decision = decide(collapsed(), one_seed(on_collapse="scratch"))
    assert decision.outcome == "promoted"
    assert decision.replacement.gain == pytest.approx(0.78)
    assert decision.replacement.alpha == pytest.approx(0.005)
    assert decision.sentence == (
        "Training from scratch takes the place of the champion, which it beats by 78.0 points, and passes every rule. The "
        "candidate did not pass: A gain of 0.0 points over training from scratch is not enough evidence to promote. The champion "
        "has collapsed on this target: 15.0 % where a model from scratch has 93.0 %."
    )
    assert {finding.outcome for finding in decision.findings} == {"pass"}
    assert [finding.rule for finding in decision.replacement.findings] == [finding.rule for finding in told.findings]
    assert decision.alpha == pytest.approx(0.045)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"champion": collapsed(champion_right=150).champion}, "a champion that is only behind"),
        ({"swapped_labels": (SWAP,)}, "labels that look swapped"),
        ({"questions": ("Which?",), "answers": ("columns: {a: number}",)}, "something left open"),
        ({"allowance": None}, "a ledger that was not asked"),
        ({"constant": collapsed().scratch}, "no better than the constant guess"),
        ({"champion": None}, "a champion without scores"),
        ({"champion": None, "champion_version": None}, "no champion"),
    ],
)
def test_scratch_has_the_rules_of_a_candidate(changes, why):
    assert decide(replace(collapsed(), **changes), one_seed(on_collapse="scratch")).replacement is None, why


def test_near_duplicates_are_left_out_of_what_scratch_has_to_show():
    shared = Leakage(test_rows=200, positions=tuple(range(150)), near={"train": 150}, radius=0.1)
    evidence = replace(collapsed(), leakage=shared)
    assert decide(evidence, one_seed(on_collapse="scratch")).replacement is not None
    alike = np.where(np.arange(200)[:, None] < 150, evidence.champion, evidence.scratch)
    assert decide(replace(evidence, champion=alike), one_seed(on_collapse="scratch")).replacement is None


def test_a_candidate_that_passes_is_promoted_and_not_scratch():
    evidence = collapsed()
    better = replace(evidence, candidate=np.eye(10)[evidence.y])
    decision = decide(better, one_seed(on_collapse="scratch"))
    assert (decision.outcome, decision.replacement) == ("promoted", None)
    assert decision.alpha == pytest.approx(0.045)


def test_two_ways_to_a_promotion_are_wrong_no_more_often_than_one():
    """Candidate, scratch and champion are equally good, so that either promotion is an error."""
    rng, wrong, draws, y = np.random.default_rng(1), 0, 300, np.arange(100) % 2
    config = one_seed(on_collapse="scratch", alpha=0.2)
    for _ in range(draws):
        scores = [right_on(y, rng.random(100) < 0.7) for _ in range(3)]
        wrong += decide(fresh(y, *scores, "3", allowance=unworn(100, 0.2)), config).outcome == "promoted"
    assert wrong <= binom.ppf(0.999, draws, 0.2)


def test_where_scratch_cannot_be_offered():
    for wrong in ({"ledger": {"policy": "e_process"}}, {"cross_fitting": {}}):
        with pytest.raises(ValidationError, match="on_collapse scratch with test rows that the champion is judged on once"):
            one_seed(on_collapse="scratch", **wrong)
