"""Promote: write the report, record the run, and move the alias when the gate passed."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

import ntgate
from ntgate.config import RunConfig
from ntgate.stages.history import RunHistory
from ntgate.stages.identity import portable
from ntgate.stages.result import RunResult, conclude
from ntgate.stages.run_file import finish


def promote(config: RunConfig, history: RunHistory, *, dry_run: bool = False) -> RunResult:
    """Conclude the run.

    The run is recorded whatever the verdict: a refusal is worth as much to a reviewer as a promotion. Only a candidate that
    passed every rule becomes a version.

    Raises:
        RegistryError: when the registry does not answer, or the champion moved meanwhile; nothing is promoted then.
    """
    version = run_id = None
    result = conclude(config, history, version=None, run_id=None, dry_run=dry_run)
    _write_report(config, history, result)
    if not dry_run:
        version, run_id = _register(config, history, result)
        result = conclude(config, history, version=version, run_id=run_id, dry_run=False)
        _write_report(config, history, result)
    registered = {"decision_id": result.decision_id, "version": version, "run_id": run_id, "dry_run": dry_run}
    finish(history.ingested.folder, outcome=result.outcome, **registered)
    return result


def _register(config: RunConfig, history: RunHistory, result: RunResult) -> tuple[str | None, str]:
    from ntgate.registry.client import connect
    from ntgate.registry.promotion import PromotionRequest
    from ntgate.registry.promotion import promote as promote_version
    from ntgate.registry.tracking import record
    from ntgate.stages.record import run_record

    registry = connect(config.registry, config.model.name)
    recorded = record(registry, run_record(config, history, result))
    chosen = history.evaluated.candidate
    if history.decided.gate.outcome != "promoted" or chosen is None:
        return None, recorded.run_id
    version = promote_version(
        registry,
        PromotionRequest(
            decision_id=history.decided.decision_id,
            champion_seen=history.champion.version,
            allow_first=history.champion.first_allowed,
            champion_itself=history.unchanged,
            run_id=recorded.runs[chosen.strategy],
            model_id=recorded.models[chosen.strategy],
            description=result.sentence,
            tags={"ntgate.strategy": chosen.strategy, "ntgate.run_id": recorded.run_id},
        ),
    )
    return version, recorded.run_id


def _write_report(config: RunConfig, history: RunHistory, result: RunResult) -> None:
    from ntgate.report.content import RunReport
    from ntgate.report.page import write_page

    report = RunReport.of(
        result.as_json(),
        model=config.model.name,
        margin=config.gate.margin,
        curves={arm.strategy: [point.model_dump() for point in arm.curve] for arm in history.arms if arm.steps > 0},
        data=_data(history),
        by_class=_by_class(history),
        config=portable(config),
        drift_href=history.drift_report.name if history.drift_report.is_file() else None,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=ntgate.__version__,
    )
    write_page(report, history.report)


def _data(history: RunHistory) -> list[dict[str, object]]:
    rows = []
    for name in history.ingested.parts:
        domain = history.ingested.part(name)
        counts = None
        if domain.y is not None:
            counts = dict(
                zip(domain.classes, np.bincount(domain.y, minlength=len(domain.classes)).tolist(), strict=True)
            )
        fingerprint = history.ingested.fingerprints[name]
        rows.append({"name": name, "rows": len(domain), "classes": counts, "fingerprint": fingerprint})
    return rows


def _by_class(history: RunHistory) -> list[dict[str, object]]:
    """The share of each class's test rows that candidate and scratch recognise; nothing where results are withheld."""
    if history.decided.gate.withheld or history.evaluated.allowance.closed:
        return []
    with np.load(history.evaluated.scores.verified(), allow_pickle=False) as kept:
        y = kept["y"]
        right = {name: kept[name].argmax(axis=1) == y for name in ("candidate", "scratch") if name in kept.files}
    return [
        {
            "name": name,
            "n": int((y == code).sum()),
            **{arm: float(hits[y == code].mean()) for arm, hits in right.items()},
        }
        for code, name in enumerate(history.ingested.target_classes)
        if (y == code).any()
    ]
