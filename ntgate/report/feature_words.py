"""The sentences of a drift report about what moved: features, classes and their rows."""

from __future__ import annotations

from ntgate.report import numbers, words
from ntgate.report.drift_content import DriftReport, FeatureRow, LabelShift, TaskDifference


def effect(value: float | None) -> str:
    """The effect of a feature, with the decimals of its column.

    >>> effect(0.2081), effect(0.0002), effect(None)
    ('0.208', '< 0.001', '–')
    """
    if value is None:
        return numbers.MISSING
    return "< 0.001" if 0 < abs(value) < 0.001 else f"{value:.3f}".replace("-", "−")


def ranked(report: DriftReport) -> list[FeatureRow]:
    """The features that moved first, then by effect."""
    return sorted(report.features, key=lambda row: (not row.moved, -abs(row.effect or 0.0)))


def features(report: DriftReport) -> str:
    """How many features moved, in a sentence."""
    moved, total = sum(row.moved for row in report.features), len(report.features)
    if report.features_tested:
        moved, total = report.features_moved, report.features_tested
    listed = f" Listed are {numbers.count(len(report.features))}." if len(report.features) < total else ""
    if moved:
        return f"{numbers.count(moved)} of {numbers.count(total)} {'features' if total > 1 else 'feature'} moved.{listed}"
    alone = f"None of {numbers.count(total)} features is shown to have moved" if total > 1 else "It is not shown to have moved"
    joint = ": what moved is how features go together" if report.outcome != "none" and total > 1 else ""
    return f"{alone} by itself{joint}.{listed}"


def direction(row: FeatureRow) -> str:
    """What moved, in words.

    >>> direction(FeatureRow(name="age", direction=-0.52)), direction(FeatureRow(name="age", direction="wider"))
    ('mean down by 0.52 sd', 'wider')
    >>> direction(FeatureRow(name="age", direction=1e-9))
    'mean unchanged'
    """
    if isinstance(row.direction, str):
        return row.direction
    if row.direction is None:
        return _category(row)
    way = "up" if row.direction > 0 else "down"
    distance = f"{abs(row.direction):.2f}"
    return "mean unchanged" if distance == "0.00" else f"mean {way} by {distance} sd"


def counted_beside(row: FeatureRow) -> str:
    """What of a feature is not in its drawing."""
    told = row.histogram
    if told is None:
        return ""
    places = ((told.below, "below"), (told.above, "above"), (told.missing, "missing"))
    return ", ".join(
        f"{numbers.count(pair[0])} source and {numbers.count(pair[1])} target {where}" for pair, where in places if any(pair)
    )


def labels(told: LabelShift) -> str:
    """How the classes' proportions changed, in a sentence."""
    if told.sentence:
        return words.sentence(told.sentence)
    return "Proportions of the classes, as they are among the source rows and as they are estimated among the target rows."


def task(told: TaskDifference) -> str:
    """How the classes compare, in a sentence."""
    if told.sentence:
        return words.sentence(told.sentence)
    if not told.only_source and not told.only_target:
        return "Both domains have the same classes, by name."
    if not told.shared:
        return "The domains share no class: only methods that do not need the source's classifier can transfer."
    return "The domains share some of their classes, by name."


def judged(status: str) -> str:
    """What is known of a class's rows.

    >>> judged("differs"), judged("not shown")
    ('Otherwise distributed', 'Not shown')
    """
    return "Otherwise distributed" if status == "differs" else words.label(status) or numbers.MISSING


def _category(row: FeatureRow) -> str:
    if not row.shares:
        return numbers.MISSING
    most = max(row.shares, key=lambda share: abs(share.target - share.source))
    return f"{most.name}: {numbers.share(most.source)} → {numbers.share(most.target)}"
