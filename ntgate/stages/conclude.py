"""The answer of a run, put together from what its stages left."""

from __future__ import annotations

import time

from pydantic import JsonValue

from ntgate.config import RunConfig
from ntgate.errors import ConfigError
from ntgate.gate.labels_wanted import GAIN_RULES, out_of_reach
from ntgate.metrics.accuracy import Accuracy
from ntgate.quick import left_out
from ntgate.registry.baseline import Baseline
from ntgate.registry.challenger import CHALLENGER, Proposed, how
from ntgate.registry.champion import ALIAS
from ntgate.stages.askable import rules_to_ask
from ntgate.stages.history import RunHistory
from ntgate.stages.on_test_rows import calibration
from ntgate.stages.result import ArmResult, CompressionResult, Cost, PlanResult, RunResult
from ntgate.strategies.candidate import Candidate
from ntgate.strategies.committee_config import SCRATCH, TOGETHER
from ntgate.strategies.scratch import LEARNERS


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
    proposed: Proposed | None = None,
    before: str | None = None,
    experiment_id: str | None = None,
) -> RunResult:
    """Put the answer together, but for the report, which is made from it.

    Args:
        config: the run.
        history: its results.
        directory: its folder, or its address.
        version: the champion where the candidate became it.
        run_id: of the run in MLflow.
        dry_run: whether the registry is left alone.
        page: why MLflow does not have the final page.
        baseline: what became of it.
        proposed: the version that was made of the candidate, where it passed.
        before: of a verdict on labels, what the run said on its own test rows.
        experiment_id: of the run in MLflow.
    """
    waits = config.gate.approval == "required" and history.decided.gate.outcome == "promoted" and version is None
    waits = waits and not history.unchanged
    approval = _approval(config, proposed) if waits else None
    decided, evaluated, ingested = history.decided.gate, history.evaluated, history.ingested
    chosen = evaluated.candidate
    seen = history.champion
    return RunResult(
        outcome="approval_wanted" if waits else decided.outcome,
        sentence=" ".join([_sentence(history), *([str(approval["sentence"])] if approval else [])]),
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
        over_champion=decided.over_champion,
        replacement=decided.replacement,
        calibration=calibration(history),
        alpha=decided.alpha,
        labels=_labels(config, history, directory, before),
        source_model=_source_model(history),
        shift=history.drifted.as_json(),
        plan=_plan(history),
        compression=_compression(history),
        findings=decided.findings,
        onnx={**{name: artifact.path for name, artifact in evaluated.onnx.items()}, "max_abs_diff": evaluated.max_abs_diff},
        registry={
            "name": config.model.name,
            "version": version,
            "alias": None if version is None else ALIAS,
            "run_id": run_id,
            "experiment_id": experiment_id,
            "unchanged": history.unchanged,
            "page": page,
            "baseline": None if baseline is None else baseline.version,
            "baseline_fault": None if baseline is None else baseline.fault,
            "approval": approval,
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


def _approval(config: RunConfig, proposed: Proposed | None) -> dict[str, str | None]:
    """What is waited for, and how it is given; nothing has a version yet in a dry run, and before the registry is told."""
    if proposed is None or proposed.until is None:
        told = "Somebody has to approve it before it becomes the champion."
        return {"version": None, "alias": None, "until": None, "next": None, "sentence": told}
    version, until = proposed.version, proposed.until
    command = how(config.model.name, version)
    told = f"Version {version} waits for approval until {until[:16].replace('T', ' ')} UTC: {command}"
    return {"version": version, "alias": CHALLENGER, "until": until, "next": command, "sentence": told}


def _source_model(history: RunHistory) -> dict[str, JsonValue]:
    made = history.source
    loaded = None if made.loaded is None else made.loaded.model_dump(mode="json")
    return {"origin": made.origin, "loaded": loaded, "sentences": list(made.sentences)}


def _labels(config: RunConfig, history: RunHistory, directory: str, before: str | None) -> dict[str, JsonValue]:
    """What labels would take, or have said; nothing where none would help."""
    decided, again = history.decided.gate, f"ntgate judge {directory} --labels LABELS"
    if decided.labels is not None:
        going = decided.labels.state == "go_on" and decided.outcome == "inconclusive"
        if decided.labels.more and decided.outcome == "inconclusive":
            going, again = True, f"ntgate ask {directory} --rows POOL --budget {2 * decided.labels.asked}"
        told = decided.labels.model_dump(mode="json")
        return {**told, "basis": decided.labels.basis, "before": before, "next": again if going else None}
    if decided.outcome != "inconclusive" or type(decided.metric) is not Accuracy or not history.evaluated.onnx:
        return {}
    try:
        rules = rules_to_ask(config, history, directory)
    except ConfigError:  # labels would decide nothing, as `ntgate ask` says
        return {}
    if out_of_reach(decided.gain, decided.gain_interval, config.gate):
        return {}
    wanted = decided.deciding
    numbers = {} if wanted is None else wanted.model_dump(mode="json")
    enough = None if wanted is None or set(rules) - GAIN_RULES else wanted.deciding
    budget = "" if enough is None else f" --budget {enough}"  # what further rules take is not known
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
