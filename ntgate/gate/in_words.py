"""A comparison that decided, as one plain sentence: its statistics stand beside its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ntgate.gate.decision import GateDecision
    from ntgate.gate.finding import Finding


def in_words(decision: GateDecision, finding: Finding) -> str | None:
    """What the finding says of the candidate; None for what was no comparison, whose reason is plain already."""
    if finding.measured is None or (decision.candidate is None and decision.labels is None):
        return None
    say = _RULES.get(finding.rule, _slice)
    return say(decision, finding, 0.0 if decision.candidate is None else decision.candidate)  # on labels no model has a value


def _seeds(decision: GateDecision, finding: Finding, _: float) -> str | None:
    if decision.over_seeds is None:
        return None
    seeds, gain = len(decision.over_seeds.gains), decision.points(decision.over_seeds.gain)
    if finding.outcome == "fail":
        return f"Over {seeds} seeds the gain over training from scratch is shown to be too small: {gain}."
    return f"Further seeds contradict the gain over training from scratch: over {seeds} seeds it is {gain}."


def _champion(decision: GateDecision, finding: Finding, candidate: float) -> str | None:
    if decision.champion is None:
        return None
    if finding.outcome == "fail":
        lead = decision.metric.better_by(decision.champion, candidate)
        return f"The candidate is {decision.points(lead)} worse than the champion."
    return "The candidate is not shown to be as good as the champion."


def _compression(decision: GateDecision, finding: Finding, candidate: float) -> str | None:
    before = None if decision.uncompressed is None else decision.uncompressed.candidate
    if before is None:
        return None
    if finding.outcome == "fail":
        return f"Compression made the candidate {decision.points(decision.metric.better_by(before, candidate))} worse."
    return "The candidate is not shown to be as good as it was before its compression."


def _slice(_: GateDecision, finding: Finding, __: float) -> str | None:
    part, against, other = finding.rule.removeprefix("slice ").rpartition(", against ")
    if not against or "are too few for a verdict" in finding.reason:
        return None
    return f"On {part} the candidate is {'worse than' if finding.outcome == 'fail' else 'not shown to be as good as'} {other}."


def _leakage(_: GateDecision, finding: Finding, __: float) -> str | None:
    if "Without them: " not in finding.reason:
        return None
    shown = "shown not" if finding.outcome == "fail" else "not shown"
    return f"Without test rows that nearly stand among the training rows the candidate is {shown} to beat training from scratch."


def _constant_guess(_: GateDecision, finding: Finding, __: float) -> str | None:
    return f"The candidate is {'shown not' if finding.outcome == 'fail' else 'not shown'} to be above the constant guess."


def _target_learners(decision: GateDecision, finding: Finding, _: float) -> str | None:
    if finding.outcome == "fail":
        return finding.alarm
    if not decision.learners:
        return None
    closest = min(decision.learners, key=lambda one: one.gain)
    name, gain = closest.strategy.replace("_", " "), decision.points(closest.gain)
    return (
        f"The candidate beats training from scratch by {decision.points(decision.gain)}, but is not shown to beat each of its "
        f"learners alone: over the {name} the gain is {gain}."
    )


_RULES = {
    "target_learners": _target_learners,
    "seeds": _seeds,
    "champion": _champion,
    "compression": _compression,
    "leakage": _leakage,
    "constant_guess": _constant_guess,
}
