"""A rule of the gate that lives outside the package: in a config, in a verdict, held to the shipped checks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import ValidationError

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.flow import run
from ntgate.gate.config import GateConfig
from ntgate.gate.decide import decide
from ntgate.gate.decision import GateDecision
from ntgate.gate.finding import Finding
from ntgate.gate.own_rule import Rule
from ntgate.testing import check_rule
from tests.gate.fresh import fresh


class RecallOfLast(Rule):
    """Of the last class, which must not be missed, a share has to be found."""

    kind: Literal["recall_of_last"] = "recall_of_last"
    title: ClassVar[str] = "Misses few of the last class"
    least: float = 0.5

    def judge(self, case) -> Finding:
        scores, y = case.evidence.usable("candidate"), case.evidence.y
        if scores is None or not len(y):
            return Finding(rule=self.kind, outcome="inconclusive", bound=self.least, reason="Nothing was scored.")
        found = float((scores[y == y.max()].argmax(axis=1) == y.max()).mean())
        outcome = "pass" if found >= self.least else "fail"
        return Finding(rule=self.kind, outcome=outcome, measured=found, bound=self.least, reason=f"It finds {found:.2f}.")


class Raises(Rule):
    kind: Literal["raises"] = "raises"

    def judge(self, case) -> Finding:
        raise KeyError("no such column")


class AnswersYes(Rule):
    kind: Literal["answers_yes"] = "answers_yes"

    def judge(self, case) -> Finding:
        return True


class Trusting(RecallOfLast):
    kind: Literal["trusting"] = "trusting"

    def judge(self, case) -> Finding:
        if case.evidence.usable("candidate") is None:
            return Finding(rule=self.kind, outcome="pass", reason="It will do.")
        return super().judge(case)


class Wear(RecallOfLast):
    kind: Literal["wear"] = "wear"


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "a_project", sys.modules[__name__])
    for kind in (RecallOfLast, Raises, AnswersYes, Trusting, Wear):
        monkeypatch.setattr(kind, "__module__", "a_project")


def verdict(*rules):
    y = np.arange(200) % 2
    right, guess = np.eye(2)[y], np.eye(2)[np.zeros(200, int)]
    return decide(fresh(y, right, guess), GateConfig(seeds=1, rules=list(rules)))


def test_it_passes_the_shipped_checks():
    check_rule(RecallOfLast())


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Raises(), "It failed: KeyError"),
        (AnswersYes(), "It answered bool"),
        (Trusting(), "does not pass where there is no candidate"),
    ],
)
def test_a_broken_promise_is_named(rule, said):
    with pytest.raises(AssertionError, match=said):
        check_rule(rule)


def test_it_can_take_a_promotion_away_and_give_none():
    assert verdict().outcome == verdict("a_project:RecallOfLast").outcome == "promoted"
    decision = verdict({"kind": "a_project:RecallOfLast", "least": 1.1})
    assert (decision.outcome, decision.sentence.split(" Training")[0]) == ("rejected", "It finds 1.00.")
    assert decision.findings[-1].title == "Misses few of the last class"
    assert GateDecision.model_validate_json(decision.model_dump_json()) == decision


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("a_project:Raises", "It failed: KeyError: 'no such column'."),
        ("a_project:AnswersYes", "It answered bool instead of a finding."),
    ],
)
def test_a_rule_that_breaks_promotes_nothing(rule, said):
    decision = verdict(rule)
    assert (decision.outcome, decision.findings[-1].reason) == ("inconclusive", said)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (["a_project:Wear"], "no rule of the gate, got wear"),
        (["a_project:RecallOfLast"] * 2, "each rule once"),
        (["recall"], "expected package.module:Class, got 'recall'; name the class"),
        (["no_such_module:Rule"], "expected a rule to import at no_such_module:Rule"),
        ([3], "expected a kind: package.module:Class, got 3; add kind, as in {kind: package.module:Class}"),
    ],
)
def test_what_is_no_rule_is_refused(rules, said):
    with pytest.raises(ValidationError, match=said):
        GateConfig(rules=rules)


def test_a_config_names_it_and_a_run_asks_it(project: Path):
    path = str(project / "config.yaml")
    result = run(load(path, ['gate.rules=[{kind: "a_project:RecallOfLast", least: 1.1}]', "gate.seeds=1"]), dry_run=True)
    assert result.outcome == "rejected"
    finding = result.as_json()["findings"][-1]
    assert (finding["rule"], finding["title"]) == ("recall_of_last", "Misses few of the last class")
    assert "Misses few of the last class" in (Path(result.directory) / "report.html").read_text()
    assert command(["run", "--inline", "--dry-run", path, "--set", 'gate.rules=["no_such_module:Rule"]']) == 2
