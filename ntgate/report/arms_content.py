"""What a report tells of arms: what was planned and learnt, what was gained over whom, what it costs."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import JsonValue

from ntgate.report.told import Interval, Number, Told

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
    """What scratch, which took the place of a collapsed champion, gains over it; ``again``: it had taken it before."""

    gain: Number = None
    gain_interval: Interval = None
    again: bool = False


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


class CurvePoint(Told):
    """One evaluation while an arm was trained."""

    step: int
    train_loss: Number = None
    validation_loss: Number = None
    validation: Number = None


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
