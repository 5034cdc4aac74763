"""A run as the registry is told about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ntgate.config import RunConfig
from ntgate.credentials import without_credentials
from ntgate.markdown import escaped
from ntgate.registry.records import CandidateRecord, DatasetRecord, ModelRecord, RunRecord
from ntgate.stages.history import RunHistory
from ntgate.stages.identity import portable
from ntgate.stages.result import RunResult
from ntgate.strategies.candidate import Candidate

_MOST_BYTES = 64 * 2**20  # of the scores: those of a million rows and ten classes stay in the run's folder
_COUNTED = ("pool", "differ", "used", "gained", "tied", "lost")
_WEIGHT = {"fail": 0, "inconclusive": 2, "pass": 4}  # what decided first: a failure, then what is missing


def run_record(config: RunConfig, history: RunHistory, result: RunResult, report: Path) -> RunRecord:
    """Parent run, children, inputs, metrics and artifacts, the page ``report`` among them."""
    tags = {
        "ntgate.decision_id": result.decision_id,
        "ntgate.outcome": result.outcome,
        "ntgate.model": config.model.name,
        "ntgate.champion_seen": history.champion.version or "none",
        "ntgate.compression": ", ".join(result.compression.methods) if result.compression else "none",
    }
    numbers = {
        "gain": result.gain,
        "p_value": result.p_value,
        "gain_lower": result.gain_interval[0] if result.gain_interval else None,
        "gain_upper": result.gain_interval[1] if result.gain_interval else None,
        f"candidate_{result.metric}": result.candidate.value if result.candidate else None,
        f"scratch_{result.metric}": result.scratch.value,
        "mmd2": history.shift.mmd2,
        "proxy_a_distance": history.shift.proxy_a_distance,
        "seconds": result.seconds["total"],
        **_costs(result),
    }
    return RunRecord(
        name=f"{result.outcome} {history.ingested.run}",
        note=note(result),
        parameters=_flat(portable(config)),
        metrics={name: float(value) for name, value in numbers.items() if value is not None},
        tags=tags,
        datasets=_datasets(config, history),
        candidates=[_candidate(arm, history, result, tags) for arm in history.arms],
        artifacts=[*_files(history), report, *(page.verified() for page in history.pages.values())],
        began=history.ingested.began,
        key=f"{result.decision_id} {history.ingested.run}",
    )


def _files(history: RunHistory) -> list[Path]:
    """The decision, and the scores that it can be worked out again from: unless they are withheld, or too many to send about."""
    scores = history.evaluated.scores.verified()
    told = not history.decided.gate.withheld and scores.stat().st_size <= _MOST_BYTES
    return [history.decided.file.verified(), *([scores] if told else [])]


def _costs(result: RunResult) -> dict[str, float | None]:
    """Costs and scores before and after compression, one metric each."""
    if result.compression is None:
        return {}
    pair = {"before": result.compression.before, "after": result.compression.after}
    return {
        f"{name}_{when}_compression": value for when, cost in pair.items() for name, value in cost.model_dump().items()
    }


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
        metrics[f"test_{result.metric}"] = (
            None if judged is None else judged.value
        )  # the gate's own, where it is one of these
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
        path=path, proto=load_proto(path), inputs=input_schema(path), kind=row_kind(path), classes=arm.classes,
        serving=serving_source(),
    )  # fmt: skip


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
            source=without_credentials(origin[name].path),
        )
        for name in ingested.parts
    ]


def judgement_facts(result: RunResult) -> tuple[dict[str, str], dict[str, float]]:
    """Tags and metrics of a verdict on labels that came after the run."""
    told = result.labels
    tags = {"ntgate.outcome": result.outcome, "ntgate.judged": str(told.get("state", ""))}
    numbers = {
        "labels_gain": result.gain,
        "labels_p_value": result.p_value,
        **{f"labels_{k}": told.get(k) for k in _COUNTED},
    }
    return tags, {name: float(value) for name, value in numbers.items() if isinstance(value, int | float)}


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under dotted names."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = value
    return flat


def note(result: RunResult) -> str:
    """The verdict in Markdown, for the run's page: the version, what decided, and then every rule."""
    lines = [f"**{result.outcome}**: {escaped(result.sentence)}", ""]
    if result.registry["version"] is not None:
        now = f"Version {result.registry['version']} of {escaped(result.registry['name'])}"
        lines += [f"{now} carries the alias {result.registry['alias']}.", ""]
    findings = sorted(result.findings, key=lambda finding: _WEIGHT[finding.outcome] - finding.warning)
    if result.outcome != "promoted":  # MLflow folds a long note away, the table before this line
        lines += [f"{escaped(findings[0].title)}: *{findings[0].outcome}*. {escaped(findings[0].reason)}", ""]
    lines += ["| rule | outcome | reason |", "| --- | --- | --- |"]
    for finding in findings:
        outcome = f"{finding.outcome}, **warning**" if finding.warning else finding.outcome
        lines.append(f"| {escaped(finding.title)} | {outcome} | {escaped(finding.reason)} |")
    return "\n".join(lines)
