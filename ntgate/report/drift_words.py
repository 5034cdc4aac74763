"""The sentences of a drift report: the verdict, what the figures mean, what to do next."""

from __future__ import annotations

import math
from typing import Literal

from ntgate.report import numbers, words
from ntgate.report.drift_content import DriftReport
from ntgate.shift.words import accuracies, accuracy, classifier, significance

__all__ = [
    "Tone",
    "accuracies",
    "accuracy",
    "classifier",
    "lead",
    "method",
    "next_steps",
    "outcome",
    "quantiles",
    "reach",
    "representation",
    "short",
    "significance",
    "tone",
    "verdict",
]

Tone = Literal["good", "unsure", "bad", "plain"]

_OUTCOMES = {"none": "No shift shown", "tolerated": "Shift within what is tolerated", "shift": "Shift beyond what is tolerated"}
_REPRESENTATIONS = {
    "raw": "the rows themselves, each feature in units of its spread",
    "embedding": "the rows as the source model sees them (its embedding)",
}


def outcome(report: DriftReport) -> str:
    """The outcome as a label.

    >>> outcome(DriftReport(outcome="shift")), outcome(DriftReport(outcome="shift", tolerated_effect=0.1))
    ('Shift shown', 'Shift beyond what is tolerated')
    """
    shown = report.outcome != "none" and not report.tolerated_effect
    return "Shift shown" if shown else _OUTCOMES[report.outcome]


def verdict(report: DriftReport) -> str:
    """The verdict in one sentence."""
    if report.outcome == "none":
        return "The target rows are not shown to differ from the source rows."
    if not report.tolerated_effect:
        return "The target rows differ from the source rows."
    if report.outcome == "tolerated":
        return "The target rows differ from the source rows, but no more than is tolerated."
    return "The target rows differ from the source rows by more than is tolerated."


def tone(report: DriftReport) -> Tone:
    """Whether there is cause for concern; good is only what is shown to be good.

    >>> tone(DriftReport(outcome="none", tolerated_effect=0.1, effect_interval=(0, 0.02)))
    'good'
    >>> tone(DriftReport(outcome="none", tolerated_effect=0.1, effect_interval=(0, 0.3)))
    'unsure'
    """
    if report.outcome == "shift":
        return "bad"
    if not report.tolerated_effect:
        return "plain"
    return "good" if _ruled_out(report) else "unsure"


def reach(report: DriftReport) -> str:
    """What the interval of the effect says about the tolerated effect, where the verdict alone would mislead.

    >>> reach(DriftReport(outcome="none", tolerated_effect=0.1, effect_interval=(0, 0.3)))
    'An effect of up to 0.3 is not ruled out, and 0.1 is tolerated: more rows would tell.'
    """
    if not report.tolerated_effect:
        return ""
    tolerated = numbers.number(report.tolerated_effect)
    if report.outcome == "shift":
        return f"Tolerated is an effect of up to {tolerated}."
    if report.effect_interval is None:
        return f"Tolerated is an effect of up to {tolerated}; how far the measured one can be trusted is not known."
    upper = short(report.effect_interval[1])
    if _ruled_out(report):
        return f"An effect of more than {upper} is ruled out, and {tolerated} is tolerated."
    return f"An effect of up to {upper} is not ruled out, and {tolerated} is tolerated: more rows would tell."


def lead(report: DriftReport) -> str:
    """What stands under the verdict: the words of whoever decided, and what the tolerated effect is."""
    return " ".join(text for text in (words.sentence(report.sentence), reach(report)) if text)


def short(value: float) -> str:
    """A number of a report where several stand together."""
    return numbers.number(value, 3)


def quantiles(report: DriftReport) -> str:
    """The quantiles of the permuted statistic, all with as many decimals as the largest needs.

    >>> quantiles(DriftReport(outcome="none", null_quantiles=(-0.00001, 0.0008, 0.00123, 0.0019)))
    '0.0000, 0.0008, 0.0012, 0.0019'
    """
    values = report.null_quantiles or ()
    largest = max((abs(value) for value in values), default=0.0)
    if not 1e-7 < largest < 1e3:
        return ", ".join(map(short, values))
    decimals = max(0, 1 - math.floor(math.log10(largest)))
    return ", ".join(f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−") for value in values)


def representation(name: str) -> str:
    """What was measured."""
    return _REPRESENTATIONS.get(name, name)


def method(report: DriftReport) -> str:
    """How it was tested.

    >>> method(DriftReport(outcome="shift", permutations=500, alpha=0.05, bandwidths=(1.0, 2.0)))
    'MMD with 500 permutations, level 0.05, Gaussian kernels of width 1 and 2 together'
    """
    parts = [f"MMD with {numbers.count(report.permutations)} permutations" if report.permutations else "MMD"]
    if report.alpha is not None:
        parts.append(f"level {numbers.number(report.joint_level or report.alpha)}")
    *first, last = map(numbers.number, report.bandwidths or (0.0,))
    if report.bandwidths:
        parts.append(
            f"Gaussian kernels of width {', '.join(first)} and {last} together" if first else f"Gaussian kernel of width {last}"
        )
    return ", ".join(parts)


def next_steps(report: DriftReport) -> tuple[str, ...]:
    """What to do after this verdict, most useful first."""
    if report.outcome == "shift":
        first = "Look at the features that moved: a changed unit, encoding or sensor is better repaired than learnt."
        if not report.moved and not any(row.moved for row in report.features):
            first = "Find out what changed: a new unit, encoding or sensor is better repaired than learnt."
        return (
            first,
            "Label some target rows and run ntgate run: the gate tells whether transfer helps in spite of the shift.",
            "Compare with training from scratch before you trust the old model here.",
        )
    if tone(report) == "unsure":
        return ("Measure again with more rows of the smaller domain: the interval is too wide for the tolerated effect.",)
    return (
        "Nothing has to be done about the rows. A model may still be wrong on them: no measure of the inputs sees a change in "
        "what the labels mean.",
    )


def _ruled_out(report: DriftReport) -> bool:
    interval, tolerated = report.effect_interval, report.tolerated_effect
    return interval is not None and bool(tolerated) and interval[1] <= (tolerated or 0.0)
