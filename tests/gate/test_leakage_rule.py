"""The rule of leakage: does the gain rest on rows that were nearly seen?"""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.data.leakage import Leakage, NearDuplicate
from ntgate.gate.comparison import Case
from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from ntgate.gate.evidence import Evidence
from ntgate.gate.rules.leakage import leakage
from tests.gate.fresh import fresh, one_seed

N = 200


def found(*positions: int) -> Leakage:
    example = NearDuplicate(test_row=0, part="source", row=3, ratio=0.01)
    return Leakage(test_rows=N, positions=positions, near={"source": len(positions)}, examples=(example,), radius=0.1)


def judged(won: list[int], leak: Leakage | None, lost: tuple[int, ...] = ()) -> object:
    """The finding where the candidate is right but on ``lost``, and scratch right but on ``won``."""
    y = np.arange(N) % 2
    candidate, scratch = np.eye(2)[y], np.eye(2)[y]
    candidate[list(lost)] = 1 - candidate[list(lost)]
    scratch[won] = 1 - scratch[won]
    return leakage(Case(Evidence(y, candidate, scratch, leakage=leak), GateConfig()))


def test_no_near_duplicates_pass():
    finding = judged([0, 1, 2], found())
    assert (finding.outcome, finding.measured) == ("pass", 0.0)


def test_a_gain_on_other_rows_passes():
    finding = judged(list(range(20, 40)), found(0, 1, 2))
    assert finding.outcome == "pass"
    assert finding.measured == pytest.approx(0.015)
    assert "3 of 200 test rows have a near duplicate" in finding.reason
    assert "On 197 test rows" in finding.reason


def test_a_gain_on_the_leaked_rows_alone_does_not():
    won = list(range(20))
    assert judged(won, found()).outcome == "pass"
    assert judged(won, found(*won)).outcome == "inconclusive"
    assert judged(won, found(*won), lost=tuple(range(100, 130))).outcome == "fail"


def test_what_cannot_be_judged_is_inconclusive():
    assert "too few for a verdict" in judged([0], found(*range(180))).reason
    assert judged([0], found(*range(180))).outcome == "inconclusive"
    assert judged([0], Leakage(test_rows=N - 1, radius=0.1)).outcome == "inconclusive"
    assert judged([0], Leakage(test_rows=N)).outcome == "inconclusive"


def test_what_was_not_asked_for_is_said():
    assert judged([0], Leakage(test_rows=N, off=True)).outcome == "pass"
    assert "data.near_duplicates is off" in judged([0], Leakage(test_rows=N, off=True)).reason
    assert judged([0], None).outcome == "inconclusive"


def test_the_headline_says_it_without_the_statistics():
    y = np.arange(N) % 2
    scratch = np.eye(2)[y]
    scratch[:20] = 1 - scratch[:20]
    decision = decide(fresh(y, np.eye(2)[y], scratch, leakage=found(*range(20))), one_seed())
    assert decision.outcome == "inconclusive"
    told = "Without test rows that nearly stand among the training rows the candidate is not shown to beat training from scratch."
    assert decision.sentence == told
