"""Which rules labels have to decide after a run, and whether they can."""

from __future__ import annotations

import numpy as np

from ntgate.config import RunConfig
from ntgate.errors import ConfigError
from ntgate.gate.comparison import Case
from ntgate.gate.evidence import Evidence
from ntgate.gate.finding import Finding
from ntgate.gate.rules import RULES
from ntgate.gate.rules.slices import slices
from ntgate.gate.verdict_on_labels import OPPONENTS
from ntgate.stages.history import RunHistory

_NEVER = ("wear", "test_rows", "leakage", "labels")  # told anew, or of the training rows
_NO_ROW = ("labels", "reading")  # rules that no test row can settle
_RULES = (*OPPONENTS, "target_learners", "seeds")


def findings_before(config: RunConfig, history: RunHistory) -> tuple[Finding, ...]:
    """What the run's own test rows have answered; where that is withheld, what needs no test row."""
    if not history.decided.gate.withheld:
        return history.decided.gate.findings
    champion = history.champion
    nothing = Evidence(
        np.zeros(0, np.int64),
        None,
        None,
        champion_version=champion.version,
        champion_unusable=champion.unusable,
        champion_itself=champion.same_as(history.evaluated.onnx.get("candidate")),
        champion_lost=champion.lost,
        first_allowed=champion.first_allowed,
        compressed="uncompressed" in history.evaluated.onnx,
        compression_failed=history.evaluated.compression_failed,
    )
    case = Case(nothing, config.gate)
    told = {finding.rule: finding for finding in history.decided.gate.findings}
    made = (*(rule(case) for rule in RULES), *slices(case))
    return tuple(told.get(finding.rule, finding) for finding in made)


def rules_to_ask(config: RunConfig, history: RunHistory, subject: str) -> tuple[str, ...]:
    """The rules that labels have to decide: that over scratch, and every other that the test rows have not let pass.

    Args:
        config: the run.
        history: its results.
        subject: its folder, or its address.

    Raises:
        ConfigError: when no label can change the verdict, or the test of labels does not judge what the gate asks.
    """
    decision = history.decided.gate
    if decision.outcome != "inconclusive":
        decided = "it is promoted" if decision.outcome == "promoted" else f"it is rejected: {decision.sentence}"
        raise ConfigError(subject, expected="a run whose verdict is inconclusive", got=decided, fix="nothing has to be labelled")
    gate, test = config.gate, config.data.target_test or config.data.target
    if not gate.counts_right_rows:
        raise ConfigError(
            "gate.metric",
            expected="accuracy: of it alone rows on which the models agree count zero",
            got=str(gate.metric),
            fix="label random test rows",
        )
    if test.group is not None:
        raise ConfigError(
            "data.target.group",
            expected="rows that are independent, for labels that are asked for",
            got=f"groups by {test.group}",
            fix="label random groups as test rows",
        )
    missing = [name for name in ("candidate", "scratch") if name not in history.evaluated.onnx]
    if missing:
        raise ConfigError(subject, expected="a candidate and scratch", got=f"no model of {missing[0]}", fix="run again")
    wanted, cannot = ["negative_transfer"], []
    for finding in findings_before(config, history):
        rule = finding.rule
        if finding.outcome == "pass" or rule in (*_NEVER, *wanted):
            if rule == "labels" and finding.outcome != "pass":
                cannot.append(finding)
            continue
        part = rule.removeprefix("slice ").partition("=")[0] if rule.startswith("slice ") else None
        if part is not None and (part != "class" or not history.evaluated.allowance.closed):
            wanted += [f"slice {part}"] if f"slice {part}" not in wanted else []
        elif rule in _RULES and not (rule == "champion" and history.champion.model is None):
            wanted.append(rule)
        else:
            cannot.append(finding)
    if cannot:
        raise ConfigError(
            subject,
            expected="rules that labels of disagreeing rows can decide",
            got=f"{cannot[0].rule}: {cannot[0].reason}",
            fix="see to it, and run again" if cannot[0].rule in _NO_ROW else "label random test rows",
        )
    return tuple(wanted)
