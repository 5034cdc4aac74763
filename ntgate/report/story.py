"""The story of a run in plain sentences: what a page tells, for a terminal."""

from __future__ import annotations

from typing import TypeAlias

from ntgate.report import numbers, serving_words, words
from ntgate.report.arms import ArmRow, arm_rows
from ntgate.report.content import FindingRow, RunReport
from ntgate.report.told import Interval

Story: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
_DECIDED_FIRST = {"fail": 0, "inconclusive": 1, "pass": 2}
_ROWS = {
    "learnt": "labelled to learn from",
    "cross_fitted": "labelled, judged by folds",
    "test": "for the gate alone",
    "unlabelled": "without labels",
}


def story(report: RunReport) -> Story:
    """What happened and why, in the order in which one asks: headings, each with its sentences.

    >>> report = RunReport.of({"outcome": "rejected", "sentence": "It lost.", "scratch": {"value": 0.9, "n": 600}})
    >>> dict(story(report))["verdict"]
    ('It lost.', 'Nothing was promoted, and there is no champion.')
    """
    told = {
        "verdict": (words.headline(report), words.consequence(report)),
        "data": _data(report),
        "shift": () if report.shift is None else (words.shift(report.shift), *report.shift.notes),
        "trained": tuple(_arm(row, report) for row in arm_rows(report)) + _left_out(report),
        "evidence": _evidence(report),
        "why": _why(report),
        "next": words.next_steps(report),
        "load": (serving_words.load(report),),
        "undo": (serving_words.undo(report),),
    }
    return tuple((heading, tuple(line for line in lines if line)) for heading, lines in told.items() if any(lines))


def _data(report: RunReport) -> tuple[str, ...]:
    rows = {row.name: row.rows for row in report.data if row.rows is not None}
    if "train" in rows and "cross_fitted" not in rows:
        rows["learnt"] = rows["train"] + rows.get("validation", 0)
    target = [f"{numbers.count(rows[name])} {what}" for name, what in _ROWS.items() if name in rows]
    lines = [f"Source: {numbers.count(rows['source'])} labelled rows."] if "source" in rows else []
    told = (*lines, f"Target: {', '.join(target)}.") if target else tuple(lines)
    return (*told, *report.source_model.sentences)


def _arm(row: ArmRow, report: RunReport) -> str:
    parts = [f"{numbers.score(row.validation, report.metric_display)} out of fold"] if row.validation is not None else []
    if row.weight is not None:
        parts.append(f"weight {numbers.share(row.weight)}")
    if row.value is not None:
        parts.append(f"{numbers.score(row.value, report.metric_display)} on the test rows")
    mark = " (the candidate)" if row.candidate else ""
    return f"{words.label(row.label)}{mark}: {', '.join(parts)}." if parts else f"{words.label(row.label)}{mark}."


def _left_out(report: RunReport) -> tuple[str, ...]:
    return tuple(
        f"{words.label(row.label or row.strategy)} was not trained: {words.sentence(row.failed or row.reason)}"
        for row in report.plan
        if not row.trained
    )


def _evidence(report: RunReport) -> tuple[str, ...]:
    if report.labels is not None and report.labels.basis is not None:
        gain = "" if report.gain is None else _gain(report)
        return report.labels.basis, gain, serving_words.against(report), words.before_labels(report)
    if report.scratch is None or report.candidate is None or report.gain is None:
        return ()
    display = report.metric_display
    rows = "" if report.scratch.n is None else f" on {numbers.count(report.scratch.n)} test rows"
    lines = [
        f"{words.label(display.label)}{rows}: candidate {numbers.score(report.candidate.value, display)}, scratch "
        f"{numbers.score(report.scratch.value, display)}.",
        _gain(report),
    ]
    return (*lines, words.over_seeds(report), serving_words.against(report), words.compressed(report))


def _gain(report: RunReport) -> str:
    return (
        f"Gain over scratch: {numbers.gain(report.gain, report.metric_display)}, {numbers.confidence(report.alpha)} interval "
        f"{_between(report.gain_interval, report)}, p {numbers.p_value(report.p_value)} at level {numbers.number(report.alpha)}."
    )


def _between(ends: Interval, report: RunReport) -> str:
    return numbers.interval(ends, lambda end: numbers.gain(end, report.metric_display))


def _order(row: FindingRow) -> tuple[int, bool]:
    return _DECIDED_FIRST[row.outcome], not row.warning


def _why(report: RunReport) -> tuple[str, ...]:
    """What did not pass, and what people must see though it did; where all passed, what was asked."""
    told = [_finding(row) for row in sorted(report.findings, key=_order) if row.outcome != "pass" or row.warning]
    passed = [row.title for row in report.findings if row.outcome == "pass" and not row.warning]
    rest = [f"{len(passed)} of {len(report.findings)} rules pass: {'; '.join(passed)}."] if passed else []
    return (*told, *rest)


def _finding(row: FindingRow) -> str:
    return f"{row.title}: {row.outcome}. {words.sentence(row.reason)}"
