"""Judge: the verdict from labels that were asked for, promoted like that of a run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ntgate import SCHEMA
from ntgate.base import Artifact
from ntgate.errors import ConfigError, DataError
from ntgate.gate.asked import Asked
from ntgate.gate.decide import outcome_of
from ntgate.gate.decision import GateDecision
from ntgate.gate.verdict_on_labels import Labelled, findings_on_labels
from ntgate.stages.ask import ASKED
from ntgate.stages.askable import findings_before
from ntgate.stages.conclude import conclude
from ntgate.stages.decide import Decided
from ntgate.stages.frozen_run import FrozenRun
from ntgate.stages.history import RunHistory
from ntgate.stages.result import RunResult
from ntgate.stages.same_champion import same_champion
from ntgate.stages.same_ledger import ledger_of

if TYPE_CHECKING:
    from ntgate.ledger.ledger import Ledger

LABELS, JUDGED = "labels.json", "judged.json"


def judge(run: FrozenRun, files: Sequence[str], *, dry_run: bool = False) -> RunResult:
    """Take further labels, decide, and promote what passed every rule.

    Args:
        run: with rows that were asked for.
        files: labels, those of earlier calls included or not; none: those that are there.
        dry_run: take the labels, but write nothing to the registry.

    Raises:
        ConfigError: when nothing was asked for.
        DataError: when the labels are not those of these rows, or contradict earlier ones; nothing is changed then.
        ModelError: when an exported model is gone.
        RegistryError: when registry or ledger do not answer, or the champion moved meanwhile.
    """
    began = time.perf_counter()
    asked = run.read(ASKED, Asked.model_validate)
    if asked is None:
        raise ConfigError(
            run.place.address, expected="rows that were asked for", got="none", fix=f"ntgate ask {run.place.address} --rows POOL"
        )
    run.history.evaluated.onnx["candidate"].verified()  # what would be promoted
    given = _merged(run, asked, files)
    y = _codes(asked, given)
    labelled = Labelled(asked, y, run.config.gate, waiting=len(given) - len(y))
    same_champion(run)
    ledger = ledger_of(run.config)
    _kept(ledger, labelled)
    run.place.write(LABELS, given)
    decision = _decision(run, labelled)
    path = run.place.write(JUDGED, _content(run, asked, decision))
    if ledger is not None:
        _close(ledger, asked, decision)
    decided = Decided(decision_id=asked.decision_id, gate=decision, file=Artifact.of(path), seconds=time.perf_counter() - began)
    return _concluded(run, run.history.model_copy(update={"decided": decided}), dry_run=dry_run)


def _merged(run: FrozenRun, asked: Asked, files: Sequence[str]) -> dict[str, str]:
    """The labels of before and those in the files, in the order of the rows."""
    from ntgate.data.given_labels import given_labels

    known: dict[str, str] = run.read(LABELS, dict) or {}
    data = run.config.data
    for file in files:
        found = given_labels(file, asked.ids, asked.classes, asked.label, data.label_map, data.missing_labels)
        for row, name in found.items():
            if known.setdefault(row, name) != name:
                raise DataError(
                    file,
                    expected=f"the label that row {row} was given before, {known[row]!r}",
                    got=repr(name),
                    fix="labels stay what they are once they were judged by",
                )
    return {row: known[row] for row in asked.ids if row in known}


def _codes(asked: Asked, given: dict[str, str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Codes of the labels up to the first row that has none: whoever leaves rows out must not choose which count."""
    code = {name: i for i, name in enumerate(asked.classes)}
    first = next((i for i, row in enumerate(asked.ids) if row not in given), len(asked.ids))
    return np.array([code.get(given[row], -1) for row in asked.ids[:first]], np.int64)


def _kept(ledger: Ledger | None, labelled: Labelled) -> None:
    """Have the ledger remember what the labels say, so that none is changed when the verdict is known."""
    asked, k = labelled.asked, len(labelled.y)
    if ledger is None or not asked.entries or not k:
        return
    won = {name: labelled.signs(asked.candidate, codes) for name, codes in asked.opponents.items()}
    other = ledger.keep_labels(asked.id, asked.entries[-1], asked.keys[:k], won)
    if other:
        raise DataError(
            "labels",
            expected="what they said when they were judged by",
            got=f"another class for row {asked.ids[other[0]]}",
            fix="give the labels of before",
        )


def _decision(run: FrozenRun, labelled: Labelled) -> GateDecision:
    gate, before, found = run.config.gate, run.history.decided.gate, labelled.over_scratch
    findings = findings_on_labels(findings_before(run.config, run.history), labelled)
    outcome = outcome_of(findings)
    return GateDecision(
        outcome=outcome,
        findings=findings,
        metric=before.metric,
        n=labelled.asked.rows,
        candidate=None,
        scratch=None,
        champion=None,
        gain=found.gain,
        gain_interval=None if found.gain is None else found.interval,
        p_value=None if found.gain is None else found.p_value,
        alpha=labelled.asked.alpha,
        margin=gate.margin,
        withheld=before.withheld,
        labels=labelled.basis(outcome),
    )


def _content(run: FrozenRun, asked: Asked, decision: GateDecision) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "decision_id": asked.decision_id,
        "comparison": asked.id,
        "champion_seen": run.history.champion.version,
        "by_labels": asked.by_labels,
        "onnx": {name: file.sha256 for name, file in run.history.evaluated.onnx.items()},
        "decision": decision.model_dump(mode="json"),
    }


def _close(ledger: Ledger, asked: Asked, decision: GateDecision) -> None:
    """Once it is decided, or all labels are there."""
    from ntgate.gate.allowance import Allowance

    if decision.outcome == "inconclusive" and decision.labels is not None and decision.labels.state == "go_on":
        return
    for entry in asked.entries:
        granted = Allowance(policy="spend", alpha=asked.alpha, offered=len(asked.ids), entry=entry, reason="")
        ledger.close(granted, decision.outcome)


def _concluded(run: FrozenRun, history: RunHistory, *, dry_run: bool) -> RunResult:
    """Record it at the run's own place in MLflow, and promote what passed: the protocol is that of a run."""
    from ntgate.stages.answer_file import JUDGED_FILE, write_answer
    from ntgate.stages.progress_listener import Silent
    from ntgate.stages.promote import keep_answer_of, register, registry_of, write_report
    from ntgate.stages.record import pictures
    from ntgate.stages.run_file import write_end

    config, place = run.config, run.place
    place.folder.mkdir(parents=True, exist_ok=True)
    told = partial(conclude, config, history, directory=place.address, dry_run=dry_run, before=run.history.decided.gate.sentence)
    result, report = told(version=None, run_id=None), place.folder / "judged.html"
    write_report(config, history, result, report)
    registry = None if dry_run else registry_of(config)
    if registry is not None:
        drawn = partial(pictures, config, history, result, place.folder, listener=Silent())
        result = register(registry, config, history, result, report, told, drawn, judged=history.decided.file.verified())
        write_end(place, config, result, history.ingested.began)
    place.tell(report)
    result = result.model_copy(update={"reports": {"report": Artifact.of(report), **result.reports}})
    write_answer(place, result, JUDGED_FILE)
    if registry is not None:
        keep_answer_of(registry, result, place.folder / JUDGED_FILE)
    return result
