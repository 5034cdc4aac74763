"""All that a report tells, as plain values."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, JsonValue

from ntgate.gate.finding import title
from ntgate.metrics import METRICS
from ntgate.metrics.display import Display
from ntgate.report.told import Interval, Number, Told
from ntgate.shift.judgement import MovedFeature

Outcome: TypeAlias = Literal["promoted", "rejected", "inconclusive", "approval_wanted"]


class Arm(Told):
    """A model that took part: its score ``value`` on ``n`` test rows, and the seconds it took to train."""

    strategy: str | None = None
    value: Number = None
    n: int | None = None
    seconds: Number = None
    version: str | None = None


class PlanRow(Told):
    """A strategy, why it was planned, its score out of fold, its weight in the committee, and what it learnt beside these."""

    strategy: str
    label: str = ""
    reason: str = ""
    trained: bool = False
    validation: Number = None
    seconds: Number = None
    weight: Number = None
    steps: int | None = None
    budget: int | None = None
    seeds: int | None = None
    failed: str | None = None
    notes: dict[str, JsonValue] = {}


class FindingRow(Told):
    """What one rule of the gate found."""

    rule: str
    title: str = Field(default_factory=lambda told: title(told["rule"]))
    outcome: Literal["pass", "fail", "inconclusive"]
    measured: Number = None
    bound: Number = None
    reason: str = ""
    warning: bool = False


class OverSeeds(Told):
    """The gain of each seed's pair on the test rows, and their mean with its interval over seeds and rows."""

    gains: tuple[float, ...] = ()
    gain: Number = None
    interval: Interval = None


class OverModel(Told):
    """A further model's score on the test rows, and the candidate's gain over it."""

    strategy: str
    value: Number = None
    gain: Number = None
    gain_interval: Interval = None


class Replacement(Told):
    """What scratch, which took the place of a collapsed champion, gains over it."""

    gain: Number = None
    gain_interval: Interval = None


class Bin(Told):
    """Rows with about the same greatest score: its mean, and the share of them that are right."""

    rows: int
    confidence: float
    accuracy: float


class Calibrated(Told):
    """How far an arm's scores can be taken for chances."""

    log_loss: Number = None
    brier: Number = None
    bins: tuple[Bin, ...] = ()


class Cost(Told):
    """What a model costs, and its scores: size of its file, parameters, microseconds for one row and for 64."""

    bytes: int | None = None
    parameters: int | None = None
    nonzero: Number = None
    latency_1: Number = None
    latency_64: Number = None
    validation: Number = None
    value: Number = None


class Uncompressed(Told):
    """What the gate would have said of the candidate before its compression."""

    outcome: Outcome
    gain: Number = None


class Compression(Told):
    """What compression made of the candidate, by ``methods`` in their order."""

    methods: tuple[str, ...] = ()
    before: Cost
    after: Cost
    uncompressed: Uncompressed | None = None


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


class CurvePoint(Told):
    """One evaluation while an arm was trained."""

    step: int
    train_loss: Number = None
    validation_loss: Number = None
    validation: Number = None


class DataRow(Told):
    """One set of rows: what it was used for, how many rows of each class, and the fingerprint of its content."""

    name: str
    rows: int | None = None
    classes: dict[str, int] | None = None
    fingerprint: str | None = None


class Cells(Told):
    """A column's cells in one domain: how many have no value, how many differ, and from where to where they go."""

    missing: int = 0
    distinct: int = 0
    range: str = ""


class ColumnRow(Told):
    """A column as it was read; ``said``: as the config says; ``asked``: which is asked about."""

    name: str
    kind: str
    written: str = ""
    said: bool = False
    asked: bool = False
    cells: dict[str, Cells] = {}


class Reading(Told):
    """How columns and labels were read, and what has to be known of that."""

    columns: tuple[ColumnRow, ...] = ()
    notes: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


class ClassRow(Told):
    """One class of the test rows: the share of its ``n`` rows that each arm recognised."""

    name: str
    n: int
    candidate: Number = None
    scratch: Number = None


class Example(Told):
    """A test row as people see it: its number in its file, its class, both answers, and its picture or some of its cells."""

    row: int
    true: str
    candidate: str
    scratch: str
    picture: str | None = None
    cells: dict[str, str] = {}


class Disagreement(Told):
    """Test rows on which one arm is right and the other wrong: how many, and some of them.

    ``won``: the candidate is right; ``hidden``: why no row is shown.
    """

    won: int = 0
    lost: int = 0
    won_rows: tuple[Example, ...] = ()
    lost_rows: tuple[Example, ...] = ()
    hidden: str | None = None


class Mistake(Told):
    """How many test rows of class ``true`` each arm took for ``answered``."""

    true: str
    answered: str
    candidate: int
    scratch: int


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
    quick: str | None = None
    created: str | None = None
    version: str | None = None
