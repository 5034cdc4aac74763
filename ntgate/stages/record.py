"""A run as the registry is told about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ntgate.config import RunConfig
from ntgate.credentials import without_credentials
from ntgate.registry.records import CandidateRecord, DatasetRecord, ModelRecord, RunRecord
from ntgate.report import numbers
from ntgate.report.mlflow_note import note
from ntgate.report.pictures import write_pictures
from ntgate.stages.changed_settings import changed
from ntgate.stages.history import RunHistory
from ntgate.stages.on_test_rows import confusion
from ntgate.stages.progress_listener import Listener
from ntgate.stages.result import RunResult
from ntgate.stages.run_report import run_report
from ntgate.strategies.candidate import Candidate
from ntgate.strategies.committee_config import SCRATCH

_MOST_BYTES = 64 * 2**20  # of the scores: those of a million rows and ten classes stay in the run's folder
_COUNTED = ("pool", "differ", "used", "gained", "tied", "lost")


def pictures(config: RunConfig, history: RunHistory, result: RunResult, folder: Path, listener: Listener) -> list[Path]:  # noqa: ARG001
    """Draw the run's pictures into ``folder``."""
    return write_pictures(run_report(config, history, result), confusion(history), folder)


def run_record(config: RunConfig, history: RunHistory, result: RunResult, report: Path, drawn: Sequence[Path]) -> RunRecord:
    """Parent run, children, inputs, metrics and artifacts, the page ``report`` and what was ``drawn`` among them."""
    told = run_report(config, history, result)
    matrices = confusion(history)
    # Of the run and of all its arms. What may become another one later, the verdict and the version, stands at the run alone.
    tags = {
        "ntgate.decision_id": result.decision_id,
        "ntgate.model": config.model.name,
        "ntgate.champion_seen": history.champion.version or "none",
        "ntgate.compression": ", ".join(result.compression.methods) if result.compression else "none",
    }
    numbers = {
        **_gain(result),
        f"candidate_{result.metric}": result.candidate.value if result.candidate else None,
        f"scratch_{result.metric}": result.scratch.value,
        "mmd2": None if history.shift is None else history.shift.mmd2,
        "proxy_a_distance": None if history.shift is None else history.shift.proxy_a_distance,
        "seconds": result.seconds["total"],
        **_costs(result),
    }
    return RunRecord(
        name=run_name(history, result),
        note=note(told),
        parameters=changed(config),
        metrics={name: float(value) for name, value in numbers.items() if value is not None},
        tags={**tags, **_verdict_tags(result), "ntgate.strategy": _shipped(result) or "none", "ntgate.version": "none"},
        datasets=_datasets(config, history),
        candidates=[_candidate(arm, history, result, tags) for arm in history.arms],
        artifacts=[*_files(history), report, *(page.verified() for page in history.pages.values()), *drawn],
        tables={"confusion.json": _table(matrices, history.ingested.target_classes)} if matrices else {},
        began=history.ingested.began,
        key=f"{result.decision_id} {history.ingested.run}",
    )


def run_name(history: RunHistory, result: RunResult) -> str:
    """Of the run, as lists show it: how it ended, by how much, with what, when. MLflow's list shows the first 15 characters."""
    gain = result.gain if result.replacement is None else result.replacement.gain
    parts = ["unchanged" if history.unchanged else result.outcome, None if gain is None else _signed(result, gain, unit=False)]
    return " ".join(filter(None, [*parts, _shipped(result), f"{datetime.fromtimestamp(history.ingested.began, UTC):%Y-%m-%d}"]))


def _shipped(result: RunResult) -> str | None:
    """The strategy of the model that the verdict is about: the candidate's, or scratch in the place of a collapsed champion."""
    if result.replacement is not None:
        return SCRATCH
    return None if result.candidate is None else result.candidate.strategy


def _verdict_tags(result: RunResult) -> dict[str, str]:
    """What lists of runs show of a verdict, that of the run or one on labels that came later."""
    return {
        "ntgate.outcome": result.outcome,
        "ntgate.gain": gain_in_words(result),
        "ntgate.labels_wanted": str(max((f.labels_wanted or 0 for f in result.findings), default=0)),
        "ntgate.alarms": " ".join(result.alarms) or "none",
    }


def gain_in_words(result: RunResult) -> str:
    """The gain that the verdict is about, with its interval; ``none`` where there is none."""
    if (taken := result.replacement) is not None and not taken.again:
        ends = ", ".join(_signed(result, end, unit=False) for end in taken.gain_interval)
        return f"{_signed(result, taken.gain)} [{ends}] of scratch over the champion"
    if result.gain is None or result.gain_interval is None:
        return "none"
    ends = ", ".join(_signed(result, end, unit=False) for end in result.gain_interval)
    return f"{_signed(result, result.gain)} [{ends}]"


def _signed(result: RunResult, gain: float, *, unit: bool = True) -> str:
    return numbers.gain(gain, result.metric_display, unit=unit).replace("−", "-")  # what people type to search for it


def _table(matrices: Mapping[str, list[list[int]]], classes: tuple[str, ...]) -> dict[str, list[Any]]:
    """How many test rows of a class each arm took for which, where there are any."""
    pairs = [(i, j) for i in range(len(classes)) for j in range(len(classes)) if any(m[i][j] for m in matrices.values())]
    return {
        "true": [classes[i] for i, _ in pairs],
        "answered": [classes[j] for _, j in pairs],
        **{arm: [matrix[i][j] for i, j in pairs] for arm, matrix in matrices.items()},
    }


def _files(history: RunHistory) -> list[Path]:
    """The decision, and the scores that it can be worked out again from: unless they are withheld, or too many to send about."""
    scores = history.evaluated.scores.verified()
    told = not history.decided.gate.withheld and scores.stat().st_size <= _MOST_BYTES
    return [history.decided.file.verified(), *([scores] if told else [])]


def _gain(result: RunResult) -> dict[str, Any]:
    """The gain over scratch with its interval and p-value, as metrics."""
    lower, upper = result.gain_interval or (None, None)
    return {"gain": result.gain, "p_value": result.p_value, "gain_lower": lower, "gain_upper": upper}


def _costs(result: RunResult) -> dict[str, float | None]:
    """Costs and scores before and after compression, one metric each."""
    if result.compression is None:
        return {}
    pair = {"before": result.compression.before, "after": result.compression.after}
    return {f"{name}_{when}_compression": value for when, cost in pair.items() for name, value in cost.model_dump().items()}


def _candidate(arm: Candidate, history: RunHistory, result: RunResult, tags: Mapping[str, str]) -> CandidateRecord:
    chosen = history.evaluated.candidate
    role = "scratch" if arm.strategy == "scratch" else None
    if chosen is not None and arm.strategy == chosen.strategy:
        role = "candidate"
    measured = history.decided.gate.metric
    validation = None if arm.validation is None else measured.maximised(arm.validation)
    metrics = {
        "validation_score": validation,
        "best_validation_loss": arm.validation_loss,
        "seconds": arm.seconds,
        "weight": next((row.weight for row in result.plan if row.strategy == arm.strategy), None),
    }
    if role is not None:
        judged = result.candidate if role == "candidate" else result.scratch
        told = result.calibration.get(role)
        if told is not None:
            metrics |= {"test_log_loss": told.log_loss, "test_brier": told.brier}
        metrics[f"test_{result.metric}"] = None if judged is None else judged.value  # the gate's own, where it is one of these
    return CandidateRecord(
        strategy=arm.strategy,
        parameters={**arm.parameters, **arm.notes, "steps": arm.steps},
        metrics={name: value for name, value in metrics.items() if value is not None},
        curve=history.curve(arm),
        failed=arm.failed,
        model=_model(history, role, arm) if role in history.evaluated.onnx else None,
        tags={**tags, "ntgate.role": role or "not chosen"},
        began=arm.began,
        ended=None if arm.began is None else arm.began + arm.seconds,
    )


def _model(history: RunHistory, role: str | None, arm: Candidate) -> ModelRecord:
    from ntgate.export.runtime import input_schema, load_proto, row_kind
    from ntgate.export.serving_source import serving_source

    assert role is not None
    path = history.evaluated.onnx[role].verified()
    return ModelRecord(
        path=path,
        proto=load_proto(path),
        inputs=input_schema(path),
        kind=row_kind(path),
        classes=arm.classes,
        serving=serving_source(),
    )


def _datasets(config: RunConfig, history: RunHistory) -> list[DatasetRecord]:
    data, ingested = config.data, history.ingested
    origin = {
        "source": data.source,
        "train": data.target,
        "validation": data.target,
        "test": data.target_test or data.target,
        "unlabelled": data.unlabelled or data.target,
        "cross_fitted": data.target,
    }
    return [
        DatasetRecord(
            name=name,
            digest=ingested.fingerprints[name],
            rows=ingested.rows[name],
            context=name,
            source=without_credentials(spec.path),
        )
        for name in ingested.parts
        if (spec := origin[name]) is not None
    ]


def judgement_facts(result: RunResult) -> tuple[dict[str, str], dict[str, float]]:
    """Tags and metrics of a verdict on labels that came after the run."""
    told = result.labels
    tags = {**_verdict_tags(result), "ntgate.judged": str(told.get("state", ""))}
    numbers = {**_gain(result), "labels_gain": result.gain, "labels_p_value": result.p_value}
    numbers |= {f"labels_{name}": told.get(name) for name in _COUNTED}
    return tags, {name: float(value) for name, value in numbers.items() if isinstance(value, int | float)}
