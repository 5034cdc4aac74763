"""From evidence to the decision."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ntgate.gate.comparison import Case, Comparison
from ntgate.gate.config import FOR_SCRATCH, GateConfig
from ntgate.gate.decision import GateDecision, OverModel, withheld
from ntgate.gate.evidence import Evidence
from ntgate.gate.finding import Finding
from ntgate.gate.labels_wanted import Deciding, deciding
from ntgate.gate.own_rule import asked
from ntgate.gate.replaced import Replacement
from ntgate.gate.replacement import scratch_instead, taken_before
from ntgate.gate.rules import RULES
from ntgate.gate.rules.slices import slices


def decide(evidence: Evidence, config: GateConfig, *, seed: int = 0) -> GateDecision:
    """Ask every rule, and promote only when all of them pass.

    Every rule tests at the level that the ledger granted. Where results are withheld, whatever does not pass is
    inconclusive and tells nothing else about the test rows.

    >>> import numpy as np
    >>> from ntgate.data.leakage import Leakage
    >>> from ntgate.gate.wear import unworn
    >>> y = np.arange(200) % 2
    >>> right, guess = np.eye(2)[y], np.eye(2)[np.zeros(200, int)]
    >>> facts, config = {"allowance": unworn(200, alpha=0.05), "leakage": Leakage(test_rows=200, off=True)}, GateConfig(seeds=1)
    >>> facts |= {"constant": guess, "constant_class": "0", "swapped_labels": ()}
    >>> decide(Evidence(y, candidate=right, scratch=guess, **facts), config).outcome
    'promoted'
    >>> decide(Evidence(y, candidate=guess, scratch=right, **facts), config).outcome
    'rejected'
    >>> decide(Evidence(y, candidate=right, scratch=None, **facts), config).outcome
    'inconclusive'
    >>> decide(Evidence(y, candidate=right, scratch=guess), config).outcome  # the ledger was not asked
    'inconclusive'
    """
    allowance = evidence.allowance
    if allowance is not None and not allowance.closed:
        config = config.model_copy(update={"alpha": allowance.alpha})
    whole = config.alpha
    decision = _open_decision(evidence, config.model_copy(update={"alpha": config.of_candidate(whole)}), seed)
    if config.on_collapse == "scratch" and decision.outcome != "promoted":
        decision = _replaced(decision, evidence, config.model_copy(update={"alpha": FOR_SCRATCH * whole}), seed)
    if allowance is not None and allowance.refused and decision.outcome == "promoted":
        decision = _as_before(decision)
    if allowance is not None and allowance.withheld and not allowance.closed and decision.outcome != "promoted":
        return withheld(decision)
    return decision


def _open_decision(evidence: Evidence, config: GateConfig, seed: int) -> GateDecision:
    case = Case(evidence, config, seed)
    findings = (*(rule(case) for rule in RULES), *slices(case), *(asked(rule, case) for rule in config.rules))
    found = case.over_scratch
    pair = (case.value("candidate"), case.value("scratch"))
    if found is not None and evidence.fold is not None:  # over all divisions, as the gain is
        pair = found.first, found.second
    return GateDecision(
        outcome=outcome_of(findings),
        findings=findings,
        metric=config.metric,
        n=case.n,
        candidate=pair[0],
        scratch=pair[1],
        champion=case.value("champion"),
        gain=found.gain if found else None,
        gain_interval=found.interval if found else None,
        p_value=found.p_value if found else None,
        over_seeds=case.over_seeds,
        learners=_over_learners(case),
        constant=_over("constant", case.over_constant),
        over_champion=_over("champion", case.over_champion),
        alpha=config.alpha,
        margin=config.margin,
        uncompressed=_before_compression(evidence, config, seed),
        deciding=_deciding(case, findings),
    )


def _replaced(refused: GateDecision, evidence: Evidence, config: GateConfig, seed: int) -> GateDecision:
    """The decision that scratch takes the champion's place, where every rule lets it; else the one that was made."""
    judged = scratch_instead(evidence, config, seed)
    if judged is None or outcome_of(judged[1]) != "promoted":
        return refused
    found = judged[0].between("candidate", "champion", 0.0)
    assert found is not None
    replacement = Replacement(
        gain=found.gain,
        gain_interval=found.interval,
        p_value=found.p_value,
        alpha=config.alpha,
        refused=refused.verdict,
        findings=refused.findings,
        again=taken_before(evidence),
    )
    told = {"outcome": "promoted", "findings": judged[1], "replacement": replacement, "deciding": None}
    return refused.model_copy(update=told)


def _as_before(passed: GateDecision) -> GateDecision:
    """No pass where the same data, settings and code did not pass before.

    Whatever rounding does to the second one, both promote no more often than the first alone, which is at the level.
    """
    findings = tuple(one.model_copy(update={"outcome": "inconclusive"}) if one.rule == "wear" else one for one in passed.findings)
    return passed.model_copy(update={"outcome": "inconclusive", "findings": findings, "replacement": None, "deciding": None})


def _deciding(case: Case, findings: tuple[Finding, ...]) -> Deciding | None:
    """What labels would take, where the gain over scratch is what is not shown."""
    first = next((finding.rule for finding in findings if finding.outcome == "inconclusive"), None)
    return deciding(case) if outcome_of(findings) == "inconclusive" and first == "negative_transfer" else None


def _over_learners(case: Case) -> tuple[OverModel, ...]:
    return tuple(
        OverModel(strategy=name, value=one.first, gain=-one.gain, gain_interval=(-one.interval[1], -one.interval[0]))
        for name, one in case.learners_over.items()
    )


def _over(name: str, found: Comparison | None) -> OverModel | None:
    if found is None:
        return None
    return OverModel(strategy=name, value=found.second, gain=found.gain, gain_interval=found.interval)


def _before_compression(evidence: Evidence, config: GateConfig, seed: int) -> GateDecision | None:
    """What the gate would say of the uncompressed candidate, for the reader; it promotes nothing."""
    if not evidence.compressed:
        return None
    before = replace(evidence, candidate=evidence.uncompressed, compressed=False, uncompressed=None)
    return _open_decision(before, config, seed)


def outcome_of(findings: tuple[Finding, ...]) -> Literal["promoted", "rejected", "inconclusive"]:
    """The verdict of all rules together."""
    outcomes = {finding.outcome for finding in findings}
    if "fail" in outcomes:
        return "rejected"
    return "promoted" if outcomes == {"pass"} else "inconclusive"
