"""Verdicts on labels that come one after another: level, power and what is said of stopping, by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from ntgate.evaluation.sign_test import look_positions, spent_by
from ntgate.gate.asked import Asked
from ntgate.gate.config import GateConfig
from ntgate.gate.finding import Finding
from ntgate.gate.on_labels import Answered
from ntgate.gate.verdict_on_labels import Labelled, findings_on_labels
from ntgate.metrics.row_mean import by_counts
from ntgate.metrics.tested import Level

ALPHA, N = 0.05, 1000


def answered(signs, *, policy: str = "looks", margin: float = 0.0, share=(100, N), looks: int = 5, budget: int | None = None):
    budget = budget or len(signs)
    positions = look_positions(budget, looks) if policy == "looks" else tuple(range(1, budget + 1))
    spent = spent_by(positions, budget, ALPHA) if policy == "looks" else None
    return Answered(np.asarray(signs), budget, share, positions, spent, ALPHA, margin)


def outcomes(rng, runs: int, lead: float, *, tied: float = 0.0, budget: int = 60, **settings) -> dict[str, float]:
    chances = [(1 - tied + lead) / 2, tied, (1 - tied - lead) / 2]
    share = settings.pop("disagreement", 0.1)
    found = []
    for _ in range(runs):
        signs = rng.choice([1, 0, -1], budget, p=chances)
        found.append(answered(signs, share=(rng.binomial(N, share), N), **settings).stop[1])
    return {outcome: found.count(outcome) / runs for outcome in ("pass", "fail", "inconclusive")}


@pytest.mark.parametrize("policy", ["looks", "bets"])
@pytest.mark.parametrize(("margin", "lead"), [(0.0, 0.0), (0.03, 0.3), (-0.02, -0.2)])
def test_a_gain_of_exactly_the_margin_is_shown_with_a_chance_of_at_most_alpha(policy, margin, lead):
    rng, runs = np.random.default_rng(1), 300
    found = outcomes(rng, runs, lead, tied=0.2, policy=policy, margin=margin)
    for wrong in ("pass", "fail"):
        assert binom.sf(round(found[wrong] * runs) - 1, runs, ALPHA) > 1e-3


def test_declared_looks_show_what_is_there_and_bets_less_often():
    rng = np.random.default_rng(2)
    looks, bets = (outcomes(rng, 150, 0.4, policy=policy) for policy in ("looks", "bets"))
    assert looks["pass"] > 0.85
    assert 0.5 < bets["pass"] <= looks["pass"]


@pytest.mark.parametrize("margin", [0.0, 0.02, -0.02])
def test_labels_of_all_rows_that_differ_decide_as_labels_of_the_whole_pool(margin):
    """Whatever the order, and told before the last label where nothing to come could change it."""
    rng, sooner = np.random.default_rng(4), 0
    for _ in range(12):
        signs = rng.choice([1, 0, -1], 60, p=[0.5, 0.1, 0.4])
        signs[: rng.integers(0, 40)] = rng.choice([1, -1])
        gained, lost = int((signs > 0).sum()), int((signs < 0).sum())
        of_all = by_counts(gained, lost, N, Level(ALPHA, margin, 0, 0))
        one = answered(rng.permutation(signs), looks=1, share=(60, N), margin=margin)
        assert (one.stop[1] == "pass") == (of_all.p_value <= ALPHA and of_all.interval[0] > margin)
        sooner += one.stop[0] < 60
        if one.stop[1] == "pass":
            assert one.interval[0] > margin
            assert one.p_value <= ALPHA
    assert sooner > 1


def test_one_look_at_every_row_that_differs_keeps_the_level():
    rng, runs, passed = np.random.default_rng(5), 2000, 0
    for _ in range(runs):
        differ = max(1, rng.binomial(40, 0.2))
        signs = rng.choice([1, -1], differ)
        passed += answered(signs, looks=1, share=(differ, 40)).stop[1] == "pass"
    assert binom.sf(passed - 1, runs, ALPHA) > 1e-3
    assert passed / runs > 0.03  # and uses it, where the sign test given the number of rows does not


@pytest.mark.parametrize("policy", ["looks", "bets"])
@pytest.mark.parametrize("margin", [0.0, 0.02, -0.02])
def test_interval_p_value_and_outcome_say_the_same(policy, margin):
    rng = np.random.default_rng(3)
    for lead in (-0.8, 0.0, 0.3, 0.8):
        for _ in range(4):
            one = answered(rng.choice([1, -1], 50, p=[(1 + lead) / 2, (1 - lead) / 2]), policy=policy, margin=margin)
            low, high = one.interval
            assert (
                (one.stop[1] == "pass")
                == (one.p_value <= ALPHA)
                == (low > margin - 1e-9 and one.stop[1] != "fail" and low > margin)
            )
            if one.stop[1] == "fail":
                assert high <= margin + 1e-9


@pytest.mark.parametrize("tied", [0.0, 0.3])
def test_labels_as_they_come_and_more_where_nothing_is_shown_keep_the_level(tied):
    """Twelve are asked for at first, then thirty, then all, as long as nothing is shown."""
    rng, runs, passed, failed = np.random.default_rng(6), 400, 0, 0
    known = {"policy": "as_they_come", "looks": None, "first": 12, "differ": 60}
    for _ in range(runs):
        y = rng.choice([1, 0, -1], 60, p=[(1 - tied) / 2, (1 - tied) / 2, tied])
        for n in (12, 30, 60):
            found = Labelled(asked(n=n, **known), y[:n], GateConfig(seeds=1)).over_scratch
            if found.stop[1] != "inconclusive":
                break
        passed, failed = passed + (found.stop[1] == "pass"), failed + (found.stop[1] == "fail")
    assert binom.sf(passed - 1, runs, ALPHA) > 1e-3
    assert binom.sf(failed - 1, runs, ALPHA) > 1e-3
    assert passed > 0


def test_bets_on_rows_asked_for_by_an_older_version_are_judged_as_they_were():
    older = asked(n=40, policy="bets", looks=None).model_dump(mode="json")
    del older["first"]
    won = Labelled(Asked.model_validate(older), np.ones(40, int), GateConfig(seeds=1)).over_scratch
    assert not won.exact
    assert won.stop == (answered(np.ones(40, int), policy="bets").stop[0], "pass")


def test_labels_behind_the_deciding_look_change_nothing():
    won = np.ones(60, int)
    stop, outcome = answered(won).stop
    assert outcome == "pass"
    assert stop < 60
    turned = won.copy()
    turned[stop:] = -1
    assert answered(turned).stop == (stop, "pass")
    assert answered(turned[:stop], budget=60).stop == (stop, "pass")


def test_labels_between_looks_are_not_looked_at():
    assert answered(np.ones(11, int), budget=60).stop == (0, "inconclusive")  # the first look is after 12
    assert answered(np.ones(12, int), budget=60).stop[0] == 12


def test_it_is_said_when_labelling_on_is_vain():
    lost = answered(-np.ones(20, int), budget=24)
    assert lost.vain()
    even = answered(np.tile([1, -1], 40), budget=100)
    assert not even.vain()
    assert even.hopeless
    assert not answered(np.ones(20, int), budget=100).hopeless


def test_a_share_smaller_than_the_margin_decides_alone():
    assert answered([], budget=10, margin=-0.05, share=(10, N)).stop == (0, "pass")  # no loss of five points on one per cent
    assert answered([], budget=10, margin=0.05, share=(10, N)).stop == (0, "fail")


def asked(**settings) -> Asked:
    n = settings.pop("n", 20)
    known = {
        "id": "c",
        "decision_id": "d",
        "pool": "p",
        "rows": 400,
        "differ": n,
        "disagree": {"scratch": n},
        "ids": tuple(f"r{i}" for i in range(n)),
        "keys": ("",) * n,
        "candidate": (1,) * n,
        "opponents": {"scratch": (0,) * n},
        "classes": ("no", "yes"),
        "label": "label",
        "by_labels": ("negative_transfer",),
        "policy": "looks",
        "looks": 1,
        "alpha": ALPHA,
        "entries": (1,),
    }
    return Asked(**{**known, **settings})


PASSED = ["wear", "test_rows", "leakage", "labels", "negative_transfer", "target_learners", "constant_guess", "seeds", "champion"]
BEFORE = tuple(Finding(rule=rule, outcome="pass", reason=f"{rule} passes.") for rule in PASSED)


def told(**settings) -> dict[str, Finding]:
    before = settings.pop("before", BEFORE)
    config = settings.pop("config", GateConfig(seeds=1))
    y = settings.pop("y", np.ones(20, int))
    return {finding.rule: finding for finding in findings_on_labels(before, Labelled(asked(**settings), y, config))}


def test_every_rule_says_whether_labels_or_test_rows_decided_it():
    found = told()
    assert all(finding.outcome == "pass" for finding in found.values())
    assert "By the run's own test rows" in found["champion"].reason
    assert "Of 14 the candidate alone gets 14 right" in found["negative_transfer"].reason


def test_a_rule_that_the_test_rows_left_open_and_labels_do_not_decide_stays_open():
    before = (*BEFORE[:-1], BEFORE[-1].model_copy(update={"outcome": "inconclusive"}))
    assert told(before=before)["champion"].outcome == "inconclusive"


def test_the_champion_is_judged_by_the_labels_where_the_test_rows_left_it_open():
    n = 200
    y = np.ones(n, int)
    settings = {"n": n, "rows": 1000, "by_labels": ("negative_transfer", "champion"), "y": y}
    same = {"scratch": (0,) * n, "champion": (1,) * n}
    assert told(opponents=same, **settings)["champion"].outcome == "pass"
    better = told(opponents=same, candidate=(0,) * n, **settings)
    assert better["champion"].outcome == "fail"
    assert better["champion"].reason.endswith("It is worse.")


def test_a_learner_that_labels_show_to_be_better_fails_the_candidate():
    learner = {"scratch": (0,) * 20, "learner logistic": (1,) * 20}
    found = told(opponents=learner, candidate=(0,) * 20, by_labels=("negative_transfer", "target_learners"))
    assert found["target_learners"].outcome == "fail"
    assert "logistic is shown to be better" in found["target_learners"].reason


@pytest.mark.parametrize(("won", "level", "outcome"), [(14, 0.2, "pass"), (11, 0.2, "inconclusive"), (11, None, "pass")])
def test_a_learner_has_to_be_beaten_on_the_labels_at_its_own_level(won, level, outcome):
    learner = {"scratch": (1,) * 20, "learner logistic": (1,) * 20}
    settings = {"opponents": learner, "candidate": (0,) * 20, "y": np.array([0] * won + [1] * (20 - won))}
    found = told(config=GateConfig(learner_alpha=level), by_labels=("negative_transfer", "target_learners"), **settings)
    assert found["target_learners"].outcome == outcome


def test_seeds_that_contradict_on_the_labels_are_a_veto():
    against = ((0,) * 20, (1,) * 20)
    rules = ("negative_transfer", "seeds")
    assert told(config=GateConfig(seeds=3), seeds=(against, against), by_labels=rules)["seeds"].outcome == "inconclusive"
    assert told(config=GateConfig(seeds=2), seeds=(against,), by_labels=rules)["seeds"].outcome == "inconclusive"  # a mean of 0
    assert told(config=GateConfig(seeds=2), seeds=(((1,) * 20, (0,) * 20),), by_labels=rules)["seeds"].outcome == "pass"


def test_a_slice_is_judged_on_its_own_rows():
    where = ("a",) * 100 + ("b",) * 100
    y = np.concatenate([np.ones(100, int), np.zeros(100, int)])  # on b the candidate loses every row
    found = told(
        n=200,
        y=y,
        config=GateConfig(seeds=1, slices=["town"]),
        slices={"town": where},
        rows=1000,
        slice_shares={"town": {"a": (100, 500), "b": (100, 500)}},
        by_labels=("negative_transfer", "slice town"),
        before=(*BEFORE, Finding(rule="slice town=a, against scratch", outcome="inconclusive", reason="Few.")),
    )
    assert found["slice town=a, against scratch"].outcome == "pass"
    assert found["slice town=b, against scratch"].outcome == "fail"


def test_the_alarm_of_the_test_rows_stays():
    alarm = "Training from scratch is not above always answering 'no'."
    before = tuple(one.model_copy(update={"alarm": alarm}) if one.rule == "negative_transfer" else one for one in BEFORE)
    assert told(before=before)["negative_transfer"].alarm == alarm


def test_a_row_of_no_class_is_wrong_for_both():
    found = told(y=np.full(20, -1))
    assert found["negative_transfer"].outcome == "inconclusive"
    assert "both or neither 20" in found["negative_transfer"].reason


def test_labelling_goes_on_while_any_rule_is_open():
    labelled = Labelled(asked(n=40, looks=4), np.ones(20, int), GateConfig(seeds=1))
    assert labelled.over_scratch.stop[1] == "pass"
    assert labelled.basis("promoted").state == "enough"
    open_still = labelled.basis("inconclusive")  # the champion, say
    assert (open_still.state, open_still.next_look) == ("go_on", 30)
    assert "Go on labelling: 20 of 40" in open_still.sentence
    against = Labelled(asked(n=40, looks=4), np.zeros(30, int), GateConfig(seeds=1))
    assert against.basis("rejected").state == "enough"
    bets = Labelled(asked(n=4, differ=9, looks=None, policy="bets"), np.ones(4, int), GateConfig(seeds=1))
    assert "greater --budget" in bets.basis("inconclusive").sentence
