"""Rule H1: the candidate beats the model trained from scratch on the target alone.

Transfer is negative when the error with the source exceeds the error without it (Wang et al., "Characterizing and
Avoiding Negative Transfer", CVPR 2019, definition 1); to pass, the opposite has to be shown, not assumed.
"""

from __future__ import annotations

from ntgate.gate.comparison import Case, Comparison
from ntgate.gate.config import GateConfig
from ntgate.gate.finding import Finding, Outcome

NAME = "negative_transfer"


def negative_transfer(case: Case) -> Finding:
    """Pass when the gain over scratch is shown to exceed the margin, fail when it is shown not to."""
    found, config, n = case.over_scratch, case.config, len(case.evidence.y)
    if found is None:
        problem = case.evidence.problem("candidate") or case.evidence.problem("scratch") or "there are no test rows"
        return Finding(rule=NAME, outcome="inconclusive", bound=config.margin, reason=f"Nothing to compare: {problem}.")
    outcome = judge(found, config)
    reason, alarm = f"{_measured(found, n, config)} {_verdict(outcome, found, n, config)}", _broken(case, found)
    if alarm is not None:
        reason = f"{reason} {alarm}"
    return Finding(
        rule=NAME,
        outcome=outcome,
        measured=found.interval[0],
        bound=config.margin,
        reason=reason,
        warning=alarm is not None,
        alarm=alarm,
        labels_wanted=labels_wanted(outcome, found, n, config),
    )


def _broken(case: Case, found: Comparison) -> str | None:
    """The alarm about a baseline that has learnt nothing, or None: to beat it is no merit. A fact of these rows, and no test."""
    constant, metric = case.value("constant"), case.config.metric
    if constant is None or not metric.better_by(found.second, constant) <= 0:
        return None
    return (
        f"Training from scratch is not above {case.constant_guess}: "
        f"{metric.in_words(found.second)} where that has {metric.in_words(constant)}; beating it says little."
    )


def judge(found: Comparison, config: GateConfig) -> Outcome:
    """The outcome for a comparison; whatever is not shown is inconclusive."""
    lower, upper = found.interval
    if found.p_value <= config.alpha and lower > config.margin:
        return "pass"
    return "fail" if upper <= config.margin else "inconclusive"


def spent(config: GateConfig) -> bool:
    """Whether the rows of a decision count for no other, so that advice speaks of fresh ones."""
    return config.ledger.policy == "spend" and config.ledger.horizon == 1 and config.cross_fitting is None


def _measured(found: Comparison, n: int, config: GateConfig) -> str:
    text = (
        f"On {n} test rows the candidate's {config.metric} is {found.first:.3f} and scratch's {found.second:.3f}: "
        f"gain {found.gain:+.3f}, interval [{found.interval[0]:+.3f}, {found.interval[1]:+.3f}], p = {found.p_value:.3g}."
    )
    if found.counts is not None:
        text += f" {found.counts[0]} rows only the candidate gets right, {found.counts[1]} only scratch does."
    return f"{text}{found.remark}"


def labels_wanted(outcome: Outcome, found: Comparison, n: int, config: GateConfig) -> int | None:
    """How many more labels, or fresh ones where these are spent, would show a gain like this; None: not asked, or not known."""
    rows = n if found.streamed is None else found.streamed
    if outcome != "inconclusive" or found.needed is None or found.needed <= rows:
        return None
    return found.needed if found.streamed is None and spent(config) else found.needed - rows


def _verdict(outcome: Outcome, found: Comparison, n: int, config: GateConfig) -> str:
    than = "scratch" if config.margin == 0 else f"scratch by more than {config.margin}"
    if outcome == "pass":
        return f"It beats {than}."
    if outcome == "fail":
        return (
            f"It is shown not to beat {than}: the transfer is negative." if found.gain < 0 else f"It is shown not to beat {than}."
        )
    advice = "a gain like this needs more test labels to be shown"
    rows = n if found.streamed is None else found.streamed
    if found.needed is not None and found.needed > rows:
        advice = f"about {found.needed:,} test labels would show a gain like this, {found.needed - rows:,} more than now"
        if found.streamed is None and spent(config):
            advice = f"about {found.needed:,} fresh test labels would show a gain like this: those of this decision are spent"
    elif found.gain <= config.margin:
        advice = "there is no gain to be shown so far"
    return f"It is not shown to beat {than}: {advice}."
