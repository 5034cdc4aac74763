"""The table of arms: what was trained, out of fold, in the committee and on the test rows."""

from __future__ import annotations

from ntgate.report.content import RunReport
from ntgate.report.told import Interval, Number, Told


class ArmRow(Told):
    """An arm in the table of arms: out of fold, in the committee, and on the test rows where it was scored there."""

    label: str
    validation: Number = None
    weight: Number = None
    value: Number = None
    gain: Number = None
    gain_interval: Interval = None
    candidate: bool = False


def arm_rows(report: RunReport) -> tuple[ArmRow, ...]:
    """What was trained, in the order of the plan, and then the constant guess.

    >>> told = {"plan": [{"strategy": "logistic", "trained": True}], "learners": [{"strategy": "logistic", "gain": 0.1}]}
    >>> [row.gain for row in arm_rows(RunReport.of({"outcome": "rejected", **told}))]
    [0.1]
    """
    chosen = None if report.candidate is None else report.candidate.strategy
    told = {one.strategy: one.model_dump() for one in report.learners}
    if report.scratch is not None:
        told["scratch"] = {"value": report.scratch.value, "gain": report.gain, "gain_interval": report.gain_interval}
    if report.candidate is not None and chosen is not None:
        told[chosen] = {"value": report.candidate.value}
    rows = [
        ArmRow.of({**row.model_dump(), **told.get(row.strategy, {})}, candidate=row.strategy == chosen)
        for row in report.plan
        if row.trained
    ]
    if report.constant is not None:
        rows.append(ArmRow.of(report.constant.model_dump(), label="always the same answer"))
    return tuple(rows)
