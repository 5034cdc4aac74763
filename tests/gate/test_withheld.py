"""What a decision may tell before the first pass on a test set, and what one on a closed test set says."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.gate.decide import decide
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.row_history import History
from ntgate.gate.wear import allow
from tests.gate.fresh import fresh, one_seed

Y = np.arange(400) % 2
RIGHT, GUESS = np.eye(2)[Y], np.eye(2)[np.zeros(400, int)]


def allowed(uses: int = 0, **settings):
    """What is left of alpha after so many decisions on all rows."""
    config = LedgerConfig(**settings)
    history = History.fresh(400)
    history.spent[:] = uses * 0.05 / config.horizon
    history.uses[:] = uses
    return allow(history, config, alpha=0.05, min_test_rows=30)


@pytest.mark.parametrize("pair", [(GUESS, RIGHT), (RIGHT, RIGHT), (GUESS, GUESS)])
def test_all_that_does_not_pass_says_the_same(pair):
    decision = decide(fresh(Y, *pair, allowance=allowed(horizon=10)), one_seed())
    same = decide(fresh(Y, GUESS, RIGHT, allowance=allowed(horizon=10)), one_seed())
    assert decision == same
    assert decision.outcome == "inconclusive"
    assert decision.withheld
    assert decision.gain is decision.p_value is decision.candidate is decision.gain_interval is None
    assert {finding.rule for finding in decision.findings} == {"test_rows", "wear", "reading", "labels", "withheld"}


def test_a_pass_is_told_in_full():
    decision = decide(fresh(Y, RIGHT, GUESS, allowance=allowed(horizon=10)), one_seed())
    assert decision.outcome == "promoted"
    assert not decision.withheld
    assert decision.gain == pytest.approx(0.5)
    assert decision.alpha == pytest.approx(0.005)


def test_the_granted_level_is_the_one_that_every_rule_tests_at():
    """12 against 3 discordant rows: p = 0.018, enough for a set used once, not for one of a horizon of 10."""
    candidate, scratch = RIGHT.copy(), RIGHT.copy()
    scratch[:12], candidate[12:15] = np.eye(2)[1 - Y[:12]], np.eye(2)[1 - Y[12:15]]
    once = decide(fresh(Y, candidate, scratch, allowance=allowed()), one_seed())
    often = decide(fresh(Y, candidate, scratch, allowance=allowed(horizon=10, withhold=False)), one_seed())
    assert once.outcome == "promoted"
    assert often.outcome == "inconclusive"
    assert often.p_value == once.p_value
    assert often.gain_interval[0] < once.gain_interval[0]


def test_worn_rows_stay_closed_and_say_what_to_label():
    decision = decide(fresh(Y, None, None, allowance=allowed(uses=1)), one_seed())
    assert decision.outcome == "inconclusive"
    (wear,) = [finding for finding in decision.findings if finding.rule == "wear"]
    assert wear.outcome == "inconclusive"
    assert "Label at least 30 fresh test rows" in wear.reason
    (transfer,) = [finding for finding in decision.findings if finding.rule == "negative_transfer"]
    assert transfer.reason == "Nothing to compare: the test rows stayed closed."


def test_without_an_allowance_nothing_passes():
    assert decide(fresh(Y, RIGHT, GUESS, allowance=None), one_seed()).outcome == "inconclusive"
