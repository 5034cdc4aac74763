"""The answer of a run: what ``ntgate run --json`` prints."""

from __future__ import annotations

import time
from typing import Any, Literal

from pydantic import JsonValue

from ntgate.base import Artifact, Frozen
from ntgate.card import card
from ntgate.config import RunConfig
from ntgate.export.footprint import Footprint
from ntgate.gate.decision import OverModel, OverSeeds
from ntgate.gate.finding import Finding
from ntgate.metrics.accuracy import Accuracy
from ntgate.metrics.display import Display
from ntgate.quick import left_out
from ntgate.registry.baseline import Baseline
from ntgate.registry.champion import ALIAS
from ntgate.stages.history import RunHistory
from ntgate.stages.on_test_rows import Calibrated, calibration
from ntgate.strategies.candidate import Candidate
from ntgate.strategies.committee_config import SCRATCH, TOGETHER
from ntgate.strategies.scratch import LEARNERS


class ArmResult(Frozen):
    """One judged arm: its score on ``n`` test rows; ``strategy`` is None for scratch and the champion."""

    strategy: str | None = None
    version: str | None = None
    value: float | None
    n: int
    seconds: float | None = None


class PlanResult(Frozen):
    """One strategy of the plan and what became of it: ``steps`` of its ``budget``, with ``seeds`` seeds.

    ``label`` is its name for people, ``validation`` its score out of fold, ``weight`` its share of the committee that was judged
    (None where there is none, or the arm is no part of it), ``notes`` what it learnt beside the weights.
    """

    strategy: str
    label: str
    reason: str
    trained: bool
    validation: float | None
    seconds: float
    weight: float | None = None
    steps: int = 0
    budget: int = 0
    seeds: int = 0
    notes: dict[str, JsonValue] = {}


class Cost(Footprint):
    """A model's costs, with its scores on the validation rows and on the test rows."""

    validation: float
    value: float | None


class CompressionResult(Frozen):
    """What compression made of the candidate, and what the gate would have said without it.

    Attributes:
        methods: the methods in the order in which they were applied.
        before: the candidate as it was trained.
        after: the candidate as it was judged.
        max_score_difference: largest change of a class score on the validation rows.
        uncompressed: the verdict that the candidate before compression would have had, with its gain over scratch.
    """

    methods: tuple[str, ...]
    before: Cost
    after: Cost
    max_score_difference: float
    uncompressed: dict[str, Any]


class RunResult(Frozen):
    """The whole answer. The JSON is a contract: keys are added, never dropped; paths are absolute, or addresses.

    Attributes:
        outcome: the gate's verdict.
        sentence: the verdict in words, with the alarms behind it.
        alarms: what has to be told wherever the verdict is: swapped labels, a collapsed champion, a model below the constant guess.
        decision_id: the same for the same config, data, code and champion seen.
        metric: what the values are; metric_display: how they are shown, and which direction is better.
        candidate: the frozen candidate on the test rows; None when every arm failed.
        scratch: the baseline on the same rows.
        champion: the champion on the same rows; None when there is none.
        gain: by how much the candidate is better: ``candidate - scratch``, or the reverse where smaller values are better.
        gain_interval: two-sided at level ``1 - 2 alpha``.
        p_value: one-sided, against a gain of at most the margin.
        over_seeds: the gain over several seeds of both arms; None where there was one seed.
        learners: the candidate against each single learner that scratch was made of; constant: against the constant guess.
        calibration: log-loss, Brier score and reliability of candidate and scratch on the test rows; empty where not told.
        alpha: the gate's level.
        labels: after a run how many labels would show a gain, ``random`` or of ``deciding`` rows, the share of ``disagreement`` and
            the command that goes on (``next``); of a verdict on labels what it rests on (:class:`~ntgate.gate.asked.OnLabels`).
        shift: the shift report.
        plan: every strategy with its reason, in order, then scratch.
        compression: what compression did to the candidate; None where the config asks for none.
        findings: every rule's answer.
        onnx: the exported arms, and how far they are from their networks.
        registry: where the model went; ``version`` is None when nothing was promoted. ``unchanged``: the model that passed was the
            champion already, so that ``version`` is the champion's and the registry stayed as it was. ``page``: why MLflow does not
            have the final page; None where it has. ``baseline``: the version of scratch that carries the alias of this name;
            ``baseline_fault``: why there is none though there should be.
        data: rows and fingerprints by part, the classes, what became of rows that stand more than once, and how columns and labels
            were read.
        reports: pages for people.
        directory: the run's folder, or its address.
        dry_run: whether the registry was left alone.
        quick: what a quick run left out; None where the run was none.
        seconds: wall time by stage.
    """

    schema_: Literal[1] = 1
    outcome: Literal["promoted", "rejected", "inconclusive"]
    sentence: str
    alarms: tuple[str, ...] = ()
    decision_id: str
    metric: str
    metric_display: Display
    candidate: ArmResult | None
    scratch: ArmResult
    champion: ArmResult | None
    gain: float | None
    gain_interval: tuple[float, float] | None
    p_value: float | None
    over_seeds: OverSeeds | None = None
    learners: tuple[OverModel, ...] = ()
    constant: OverModel | None = None
    calibration: dict[str, Calibrated] = {}
    alpha: float
    labels: dict[str, JsonValue] = {}
    shift: dict[str, Any]
    plan: tuple[PlanResult, ...]
    compression: CompressionResult | None = None
    findings: tuple[Finding, ...]
    onnx: dict[str, Any]
    registry: dict[str, Any]
    data: dict[str, Any]
    reports: dict[str, Artifact]
    directory: str
    dry_run: bool
    quick: str | None = None
    seconds: dict[str, float]

    @property
    def facts(self) -> dict[str, Any]:
        """What an orchestrator shows beside it."""
        return {"outcome": self.outcome, "sentence": self.sentence, "version": self.registry["version"] or "none"}

    @property
    def pages(self) -> dict[str, str]:
        """What an orchestrator shows."""
        return {"report": str(self.reports["report"].verified())}

    def _repr_html_(self) -> str:
        return card(self.outcome, self.sentence, [(f.title, f.outcome, f.reason) for f in self.findings])

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, with the key ``schema`` first."""
        content = self.model_dump(mode="json")
        content["reports"] = {name: page.path for name, page in self.reports.items()}
        return {"schema": content.pop("schema_"), **content}


def conclude(
    config: RunConfig,
    history: RunHistory,
    *,
    directory: str,
    version: str | None,
    run_id: str | None,
    dry_run: bool,
    page: str | None = None,
    baseline: Baseline | None = None,
) -> RunResult:
    """Put the answer together, but for the report, which is made from it; ``page`` says why MLflow does not have the final one."""
    decided, evaluated, ingested = history.decided.gate, history.evaluated, history.ingested
    chosen = evaluated.candidate
    seen = history.champion
    return RunResult(
        outcome=decided.outcome,
        sentence=_sentence(history),
        alarms=decided.alarms,
        decision_id=history.decided.decision_id,
        metric=str(decided.metric),
        metric_display=decided.metric.display(),
        candidate=None
        if chosen is None
        else ArmResult(strategy=chosen.strategy, value=decided.candidate, n=decided.n, seconds=chosen.seconds),
        scratch=ArmResult(value=decided.scratch, n=decided.n, seconds=history.scratch.seconds),
        champion=None if seen.version is None else ArmResult(version=seen.version, value=decided.champion, n=decided.n),
        gain=decided.gain,
        gain_interval=decided.gain_interval,
        p_value=decided.p_value,
        over_seeds=decided.over_seeds,
        learners=decided.learners,
        constant=decided.constant,
        calibration=calibration(history),
        alpha=decided.alpha,
        labels=_labels(history, directory),
        shift=history.shift.model_dump(mode="json"),
        plan=_plan(history),
        compression=_compression(history),
        findings=decided.findings,
        onnx={**{name: artifact.path for name, artifact in evaluated.onnx.items()}, "max_abs_diff": evaluated.max_abs_diff},
        registry={
            "name": config.model.name,
            "version": version,
            "alias": None if version is None else ALIAS,
            "run_id": run_id,
            "unchanged": history.unchanged,
            "page": page,
            "baseline": None if baseline is None else baseline.version,
            "baseline_fault": None if baseline is None else baseline.fault,
        },
        data={
            "rows": ingested.rows,
            "fingerprints": ingested.fingerprints,
            "classes": ingested.target_classes,
            "reading": None if ingested.reading is None else ingested.reading.model_dump(mode="json"),
            "copies": None if ingested.leakage is None else ingested.leakage.copies.model_dump(mode="json"),
        },
        reports=history.pages,
        directory=directory,
        dry_run=dry_run,
        quick=left_out(config.strategies, config.gate.seeds, config.training.folds, config.shift.evidently)
        if config.quick
        else None,
        seconds={**history.seconds(), "total": time.time() - ingested.began},
    )


def _labels(history: RunHistory, directory: str) -> dict[str, JsonValue]:
    """What labels would take, or have said; nothing where none would help."""
    decided, again = history.decided.gate, f"ntgate judge {directory} --labels LABELS"
    if decided.labels is not None:
        going = decided.labels.state == "go_on" and decided.outcome == "inconclusive"
        if decided.labels.more and decided.outcome == "inconclusive":
            going, again = True, f"ntgate ask {directory} --rows POOL --budget {2 * decided.labels.asked}"
        return {**decided.labels.model_dump(mode="json"), "basis": decided.labels.basis, "next": again if going else None}
    if decided.outcome != "inconclusive" or type(decided.metric) is not Accuracy or not history.evaluated.onnx:
        return {}
    told = decided.deciding
    numbers = {} if told is None else told.model_dump(mode="json")
    budget = "" if told is None or told.deciding is None else f" --budget {told.deciding}"
    return {**numbers, "next": f"ntgate ask {directory} --rows POOL{budget}"}


def _sentence(history: RunHistory) -> str:
    verdict = history.decided.gate.sentence
    if not history.unchanged:
        return verdict
    return f"This model is the champion already, version {history.champion.version}: nothing is promoted anew. {verdict}"


def _compression(history: RunHistory) -> CompressionResult | None:
    smaller, judged = history.compressed.smaller, history.decided.gate
    if smaller is None or judged.uncompressed is None:
        return None
    before = judged.uncompressed
    return CompressionResult(
        methods=smaller.methods,
        before=Cost(**smaller.before.model_dump(), validation=smaller.validation_before, value=before.candidate),
        after=Cost(**smaller.after.model_dump(), validation=smaller.validation_after, value=judged.candidate),
        max_score_difference=smaller.max_score_difference,
        uncompressed=before.model_dump(mode="json", include={"outcome", "gain", "gain_interval", "p_value"}),
    )


def _plan(history: RunHistory) -> tuple[PlanResult, ...]:
    arms = {arm.strategy: arm for arm in history.arms}
    told = [(row.strategy.kind, row.strategy.label, row.reason) for row in history.plan.rows]
    alone = "a learner of the baseline: target rows alone"
    told += [(arm.strategy, LEARNERS[arm.strategy].label, alone) for arm in history.scratch.members]
    together = {SCRATCH: "the baseline: the committee of its learners, target rows alone"}
    if (made := history.combined.candidate) is not None and made.members:
        together[made.strategy] = "all arms together, each by its weight"
    told += [(name, TOGETHER[name], reason) for name, reason in together.items()]
    return tuple(_planned(name, label, reason, arms.get(name), history) for name, label, reason in told)


def _planned(strategy: str, label: str, reason: str, arm: Candidate | None, history: RunHistory) -> PlanResult:
    if arm is None:
        return PlanResult(strategy=strategy, label=label, reason=reason, trained=False, validation=None, seconds=0.0)
    further = [*history.replicated.candidate, *history.replicated.scratch]
    return PlanResult(
        strategy=strategy,
        label=label,
        reason=reason if arm.failed is None else f"{'left out' if arm.left_out else 'failed'}: {arm.failed}",
        trained=arm.failed is None,
        validation=None if arm.validation is None else history.decided.gate.metric.maximised(arm.validation),
        seconds=arm.seconds,
        weight=_weight(strategy, history),
        notes=arm.notes,
        steps=arm.steps,
        budget=arm.budget,
        seeds=sum(other.strategy == strategy and other.failed is None for other in [arm, *further]),
    )


def _weight(strategy: str, history: RunHistory) -> float | None:
    made = history.combined.candidate
    found = None if made is None or not made.members else made.notes.get(f"weight.{strategy}")
    return found if isinstance(found, float) else None
