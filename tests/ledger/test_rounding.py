"""Models that another machine rounded otherwise: to the ledger the same comparison, and no second chance."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.data.leakage import Leakage
from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from ntgate.gate.evidence import Evidence
from ntgate.ledger.ledger import Ledger
from tests.ledger.test_ledger import asked, prints

ROWS = prints(0, 100)


@pytest.fixture
def ledger(tmp_path):
    return Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


def elsewhere(comparison: str, **settings):
    """The same decision with other models."""
    return asked(comparison, **settings).model_copy(update={"same": frozenset({"decision of a", "decision of x"})})


@pytest.mark.parametrize("outcome", ["promoted", "rejected", "inconclusive"])
def test_it_costs_nothing_and_is_refused_where_the_first_did_not_pass(ledger, outcome):
    ledger.close(ledger.open(asked("a"), ROWS), outcome)
    before = ledger.entries()
    again = ledger.open(elsewhere("b"), ROWS)
    assert (again.entry, again.alpha, again.closed, again.passed) == (None, 0.05, False, False)
    assert again.refused == (outcome != "promoted")
    assert "another machine rounded otherwise" in again.reason
    ledger.close(again, "rejected")
    assert ledger.entries() == before, "nothing is spent, and the first answer stands"
    assert ledger.open(asked("c"), ROWS).closed, "another decision finds them worn"


def test_what_a_crash_left_open_is_spent(ledger):
    ledger.open(asked("a"), ROWS)
    assert ledger.open(elsewhere("b"), ROWS).closed, "else whoever ends runs before their answer draws again"
    assert not ledger.open(asked("a"), ROWS).closed


def test_an_opening_of_other_rows_is_none_of_these(ledger):
    ledger.close(ledger.open(asked("a"), prints(0, 99)), "promoted")  # such as the labels that were asked for after a run
    assert ledger.open(elsewhere("b"), ROWS).closed


def test_another_way_of_accounting_is_another_opening(ledger):
    ledger.close(ledger.open(asked("a", policy="none"), ROWS), "promoted")
    assert ledger.open(elsewhere("b"), ROWS).closed


def test_a_withheld_refusal_stays_one(ledger):
    ledger.close(ledger.open(asked("a", horizon=2), ROWS), "rejected")
    assert ledger.open(elsewhere("b", horizon=2), ROWS).refused
    assert not ledger.open(asked("a", horizon=2), ROWS).refused, "the very same models say the same anyway"


def test_a_pass_behind_a_refusal_promotes_nothing(ledger):
    y = np.arange(100) % 2
    right, guess = np.eye(2)[y], np.eye(2)[np.zeros(100, int)]
    facts = {"leakage": Leakage(test_rows=100, off=True), "constant": guess, "constant_class": "0", "swapped_labels": ()}

    def outcome(allowance):
        return decide(Evidence(y, candidate=right, scratch=guess, allowance=allowance, **facts), GateConfig(seeds=1))

    first = ledger.open(asked("a"), ROWS)
    assert outcome(first).outcome == "promoted"
    ledger.close(first, "inconclusive")
    decision = outcome(ledger.open(elsewhere("b"), ROWS))
    assert decision.outcome == "inconclusive"
    (found,) = [one for one in decision.findings if one.outcome != "pass"]
    assert (found.rule, "passes only where that one did, which it did not" in found.reason) == ("wear", True)
