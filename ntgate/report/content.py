"""All that the report of a run tells, as plain values."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from ntgate.gate.finding import title
from ntgate.metrics import METRICS
from ntgate.metrics.display import Display
from ntgate.report.arms_content import Arm, Calibrated, Compression, CurvePoint, Outcome, OverModel, OverSeeds, PlanRow, Replacement
from ntgate.report.rows_content import ClassRow, DataRow, Disagreement, Mistake, Reading
from ntgate.report.told import Interval, Number, Told
from ntgate.shift.judgement import MovedFeature


class FindingRow(Told):
    """What one rule of the gate found."""

    rule: str
    title: str = Field(default_factory=lambda told: title(told["rule"]))
    outcome: Literal["pass", "fail", "inconclusive"]
    measured: Number = None
    bound: Number = None
    reason: str = ""
    warning: bool = False


class Shift(Told):
    """How far the target has moved away from the source, as :class:`~ntgate.shift.report.ShiftReport` has it.

    Where the outcome is ``unmeasured``, ``sentence`` says why.
    """

    outcome: str = ""
    sentence: str = ""
    alpha: Number = None
    joint_level: Number = None
    tolerated_effect: Number = None
    effect_interval: Interval = None
    features_tested: int = 0
    features_moved: int = 0
    moved: tuple[MovedFeature, ...] = ()
    notes: tuple[str, ...] = ()
    mmd2: Number = None
    p_value: Number = None
    effect_size: Number = None
    proxy_a_distance: Number = None
    proxy_a_distance_interval: Interval = None
    permutations: int | None = None
    n_source: int | None = None
    n_target: int | None = None
    representation: str | None = None


class Waiting(Told):
    """A version that waits for approval: under which alias, up to when, and the command that gives it."""

    version: str | None = None
    alias: str | None = None
    until: str | None = None
    next: str | None = None


class SourceModel(Told):
    """What transfer started from, in sentences."""

    sentences: tuple[str, ...] = ()


class Registered(Told):
    """Where the model is registered, and what waits for approval there."""

    name: str | None = None
    version: str | None = None
    alias: str | None = None
    unchanged: bool = False
    approval: Waiting | None = None


def _display(metric: str) -> Display:
    """How a metric is shown, of a run that did not say so."""
    return METRICS.kinds[metric].display() if metric in METRICS.kinds else Display(label=metric.replace("_", " "))


class Labels(Told):
    """What a verdict on labels rests on, what the run said before on its own test rows, and the command that goes on."""

    basis: str | None = None
    before: str | None = None
    next: str | None = None


class RunReport(Told):
    """One run, as the object that ``ntgate run --json`` prints plus what only people want to see.

    Attributes:
        outcome: what the gate decided.
        sentence: the verdict in the gate's own words, with the alarms behind it.
        model: name of the registered model.
        metric: what ``value``, ``gain`` and ``validation`` measure.
        metric_display: how it is shown.
        gain: by how much the candidate is better than scratch, on the test rows.
        gain_interval: two-sided interval of the gain at confidence ``1 - 2 alpha``.
        labels: of a verdict on labels that were asked for, what it rests on.
        learners: the candidate against each learner that scratch was made of, on the test rows.
        constant: the candidate against always giving the same answer.
        over_champion: the candidate against the champion.
        replacement: scratch against the collapsed champion whose place it took.
        calibration: of ``candidate`` and ``scratch`` on the test rows.
        alarms: sentences that have to stand beside the verdict.
        compression: what the candidate was before and after its compression; None where it was not compressed.
        curves: learning curve by strategy.
        data: the sets of rows that took part.
        source_model: what transfer started from.
        reading: how columns and labels were read.
        by_class: recognition by class on the test rows.
        disagreement: test rows that the candidate wins and loses.
        mistakes: what the arms take for one another most differently.
        config: the config as it was used, defaults filled in.
        dry_run: whether registry writes were left out.
        baseline: whether scratch is kept as a version too, to be served where nothing was promoted.
        quick: what a quick run left out.
        created: when the run was made, as text.

    >>> report = RunReport.of({"outcome": "promoted", "gain": 0.03, "gain_interval": [0.01, 0.05]}, metric="macro_f1")
    >>> report.gain_interval, report.metric, report.champion
    ((0.01, 0.05), 'macro_f1', None)
    """

    outcome: Outcome
    sentence: str = ""
    decision_id: str | None = None
    model: str | None = None
    metric: str = "accuracy"
    metric_display: Display = Field(default_factory=lambda told: _display(told["metric"]))
    candidate: Arm | None = None
    scratch: Arm | None = None
    champion: Arm | None = None
    gain: Number = None
    gain_interval: Interval = None
    p_value: Number = None
    alpha: Number = None
    margin: Number = None
    over_seeds: OverSeeds | None = None
    labels: Labels | None = None
    learners: tuple[OverModel, ...] = ()
    constant: OverModel | None = None
    over_champion: OverModel | None = None
    replacement: Replacement | None = None
    calibration: dict[str, Calibrated] = {}
    shift: Shift | None = None
    plan: tuple[PlanRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    alarms: tuple[str, ...] = ()
    compression: Compression | None = None
    registry: Registered | None = None
    seconds: dict[str, float | None] = {}
    curves: dict[str, tuple[CurvePoint, ...]] = {}
    data: tuple[DataRow, ...] = ()
    reading: Reading | None = None
    source_model: SourceModel = SourceModel()
    by_class: tuple[ClassRow, ...] = ()
    disagreement: Disagreement | None = None
    mistakes: tuple[Mistake, ...] = ()
    config: dict[str, JsonValue] | None = None
    dry_run: bool = False
    baseline: bool = False
    quick: str | None = None
    created: str | None = None
    version: str | None = None
