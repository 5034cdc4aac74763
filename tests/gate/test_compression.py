"""The gate and compression: what is shipped is judged, a loss that is not ruled out does not pass."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ntgate.evaluation.tango import tango_interval
from ntgate.gate.decide import decide
from ntgate.gate.evidence import Evidence
from tests.gate.fresh import fresh, one_seed


def evidence(n=600, lost=0, won=0) -> Evidence:
    """A candidate that beats scratch by far before compression, and by compression loses and wins some rows."""
    y = np.arange(n) % 2
    before, scratch = y.copy(), y.copy()
    scratch[: n // 4] = 1 - y[: n // 4]
    before[n - 50 :] = 1 - y[n - 50 :]
    after = before.copy()
    after[:lost] = 1 - y[:lost]
    after[n - won :] = y[n - won :] if won else after[n:]
    return fresh(y, np.eye(2)[after], np.eye(2)[scratch], compressed=True, uncompressed=np.eye(2)[before])


def finding(decision):
    return next(finding for finding in decision.findings if finding.rule == "compression")


def test_nothing_compressed_is_a_fact_and_passes():
    given = dataclasses.replace(evidence(), compressed=False, uncompressed=None)
    decision = decide(given, one_seed())
    assert decision.outcome == "promoted"
    assert finding(decision).outcome == "pass"
    assert decision.uncompressed is None


def test_what_could_not_be_compressed_is_inconclusive_though_it_beats_scratch():
    given = dataclasses.replace(evidence(), compressed=False, uncompressed=None, compression_failed="No units known.")
    decision = decide(given, one_seed())
    assert decision.outcome == "inconclusive"
    assert [found.rule for found in decision.findings if found.outcome != "pass"] == ["compression"]
    assert finding(decision).reason == "The candidate could not be compressed. No units known."


@pytest.mark.parametrize(("lost", "won", "outcome"), [(0, 0, "pass"), (3, 3, "pass"), (8, 2, "inconclusive"), (40, 2, "fail")])
def test_the_loss_is_judged_by_tangos_interval(lost, won, outcome):
    decision = decide(evidence(lost=lost, won=won), one_seed(compression_margin=0.02))
    found = finding(decision)
    lower, upper = tango_interval(won, lost, 600, 0.05)
    assert found.outcome == outcome
    assert found.measured == pytest.approx(lower)
    assert found.bound == -0.02
    assert outcome == ("pass" if lower > -0.02 else "fail" if upper <= -0.02 else "inconclusive")
    # The gain over scratch is shown in all of them: compression alone decides.
    assert decision.outcome == {"pass": "promoted", "inconclusive": "inconclusive", "fail": "rejected"}[outcome]
    assert decision.uncompressed.outcome == "promoted"


def test_a_loss_that_is_tolerated_by_this_rule_can_still_fail_the_other():
    """150 of 600 rows over scratch before, none after: not worse by more than 0.9, but no better than scratch."""
    given = evidence()
    given = dataclasses.replace(given, candidate=given.scratch)
    decision = decide(given, one_seed(compression_margin=0.9))
    assert finding(decision).outcome == "pass"
    assert decision.outcome == "inconclusive"
    assert decision.uncompressed.gain == pytest.approx(given_gain(given))
    assert decision.sentence.endswith("Before compression it would have passed, with a gain of 16.7 points.")


def given_gain(given):
    right = [scores.argmax(axis=1) == given.y for scores in (given.uncompressed, given.scratch)]
    return right[0].mean() - right[1].mean()


@pytest.mark.parametrize("damage", ["absent", "nan", "rows"])
@pytest.mark.parametrize("name", ["candidate", "uncompressed"])
def test_missing_evidence_never_passes(name, damage):
    given = evidence()
    scores = getattr(given, name)
    damaged = {"absent": None, "nan": np.where(np.arange(600)[:, None] == 3, np.nan, scores), "rows": scores[:-1]}[damage]
    decision = decide(dataclasses.replace(given, **{name: damaged}), one_seed())
    assert decision.outcome == "inconclusive"
    assert finding(decision).outcome == "inconclusive"
    assert name in finding(decision).reason


@pytest.mark.slow
def test_the_level_holds_where_the_loss_is_just_too_large():
    """Of compressions that lose exactly the tolerated share, at most alpha pass (binomial bound at 4 standard errors)."""
    rng, config, n, runs = np.random.default_rng(0), one_seed(compression_margin=0.05, alpha=0.05), 600, 1000
    y = np.zeros(n, int)
    right, wrong = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    passed = 0
    for _ in range(runs):
        # lost 0.08, won 0.03: the true loss is 0.05
        kind = rng.choice(3, n, p=[0.08, 0.03, 0.89])[:, None]
        before, after = np.where(kind == 1, wrong, right), np.where(kind == 0, wrong, right)
        given = fresh(y, after, np.tile(wrong, (n, 1)), compressed=True, uncompressed=before)
        passed += finding(decide(given, config)).outcome == "pass"
    assert passed / runs <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)
    assert passed > 10  # it can pass
