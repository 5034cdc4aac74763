"""Promote: write the report, record the run, and move the alias when the gate passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.stages.answer_file import RESULT_FILE, write_answer
from ntgate.stages.conclude import conclude
from ntgate.stages.frozen_run import keep_history
from ntgate.stages.history import RunHistory
from ntgate.stages.place import Place
from ntgate.stages.progress_listener import Silent
from ntgate.stages.result import RunResult
from ntgate.stages.run_file import write_end
from ntgate.stages.run_report import run_report
from ntgate.stages.second_process import ALONE, Crew
from ntgate.stages.tell import tell_verdict

if TYPE_CHECKING:
    from ntgate.registry.baseline import Baseline
    from ntgate.registry.challenger import Proposed
    from ntgate.registry.client import Registry
    from ntgate.registry.recorded import Recorded


def promote(
    config: RunConfig, place: Place, results: Mapping[str, Frozen], *, dry_run: bool = False, crew: Crew = ALONE
) -> RunResult:
    """Conclude the run, given the results of all its stages by name.

    The run is recorded whatever the verdict: a refusal is worth as much to a reviewer as a promotion. Only a candidate that
    passed every rule becomes the champion, or the challenger where somebody has to approve it; scratch becomes the baseline.

    Raises:
        RegistryError: when the registry does not answer, or the champion moved meanwhile; nothing is promoted then.
    """
    from ntgate.stages.record import pictures

    history = RunHistory.of(results)
    told = partial(conclude, config, history, directory=place.address, dry_run=dry_run)
    result, report = told(version=None, run_id=None), place.folder / "report.html"
    registry = None if dry_run else registry_of(config)
    drawing = partial(pictures, config, history, result, place.folder)
    drawn = drawing if registry is None else crew.begun(drawing)
    keep_history(place, config, history)
    write_report(config, history, result, report)
    if registry is not None:
        result = register(registry, config, history, result, report, told, partial(drawn, listener=Silent()))
    result = result.model_copy(update={"reports": {"report": Artifact.of(report), **result.reports}})
    write_answer(place, result)
    if registry is not None:
        keep_answer_of(registry, result, place.folder / RESULT_FILE)
    write_end(place, config, result, history.ingested.began)
    return result


def registry_of(config: RunConfig) -> Registry:
    """The registry of the run's model."""
    from ntgate.registry.client import connect

    return connect(config.registry, config.model.name)


def keep_answer_of(registry: Registry, result: RunResult, answer: Path) -> None:
    """Keep the answer at the run's place in MLflow."""
    from ntgate.registry.final_page import keep_answer

    keep_answer(registry, result.registry["run_id"], answer)


def register(
    registry: Registry,
    config: RunConfig,
    history: RunHistory,
    result: RunResult,
    report: Path,
    concluded: Callable[..., RunResult],
    drawn: Callable[[], list[Path]],
    judged: Path | None = None,
) -> RunResult:
    """Record the run, promote what passed, and then tell of it: the alias is the last that cannot be taken back.

    Args:
        registry: of the model.
        config: the run.
        history: its results.
        result: what is told of it so far.
        report: the page.
        concluded: puts the answer together with what is known later.
        drawn: gives the pictures beside the page.
        judged: the verdict on labels that came later; the run was recorded before, and is told of it.
    """
    from ntgate.registry.final_page import CHALLENGED, VERSION, keep_final_page
    from ntgate.registry.judgement import record_judgement
    from ntgate.registry.run_place import placed
    from ntgate.registry.tracking import record
    from ntgate.report.mlflow_note import note
    from ntgate.stages.record import judgement_facts, run_name, run_record

    recorded = record(registry, run_record(config, history, result, report, drawn()))
    made = _promoted(registry, recorded, config, history, result)
    version = made.version if made is not None and made.champion else None
    told = partial(concluded, version=version, run_id=recorded.run_id, experiment_id=recorded.experiment_id, proposed=made)
    result = told()
    write_report(config, history, result, report)
    text = placed(note(run_report(config, history, result)), recorded.experiment_id, recorded.run_id)
    page = None
    if judged is not None:
        name = run_name(history, result)
        record_judgement(registry, recorded.run_id, name, judged, report, text, judgement_facts(result))
    if made is not None:
        page = keep_final_page(registry, recorded.run_id, report, text, {VERSION if made.champion else CHALLENGED: made.version})
    result = told(page=page, baseline=_baseline(registry, recorded, history))
    tell_verdict(config, registry, recorded, result, judged=judged is not None)
    return result


def _baseline(registry: Registry, recorded: Recorded, history: RunHistory) -> Baseline | None:
    """The last thing of all, so that a promoted candidate has the lower number."""
    from ntgate.registry.baseline import keep_baseline

    name = history.scratch.strategy
    if not registry.config.baseline or name not in recorded.models:
        return None
    model = history.evaluated.onnx["scratch"]
    return keep_baseline(registry, recorded.runs[name], recorded.models[name], model.sha256, history.decided.decision_id)


def _promoted(registry: Registry, recorded: Recorded, config: RunConfig, history: RunHistory, result: RunResult) -> Proposed | None:
    """The version that is the champion, or waits to be approved; None where the gate did not let the candidate pass."""
    from ntgate.registry.challenger import Proposed, Terms, propose
    from ntgate.registry.promotion import PromotionRequest
    from ntgate.registry.promotion import promote as promote_version
    from ntgate.report.model_card import model_card
    from ntgate.stages.record import gain_in_words

    chosen = history.shipped
    if history.decided.gate.outcome != "promoted" or chosen is None:
        return None
    request = PromotionRequest(
        decision_id=history.decided.decision_id,
        champion_seen=history.champion.version,
        allow_first=history.champion.first_allowed,
        champion_itself=history.unchanged,
        run_id=recorded.runs[chosen.strategy],
        model_id=recorded.models[chosen.strategy],
        description=model_card(
            run_report(config, history, result.model_copy(update={"sentence": history.decided.gate.sentence})),
            recorded.models[chosen.strategy],
        ),
        tags={"ntgate.strategy": chosen.strategy, "ntgate.run_id": recorded.run_id, "ntgate.gain": gain_in_words(result)},
    )
    gate = config.gate
    if gate.approval == "required":
        return propose(registry, request, Terms(days=gate.approval_days, approvers=gate.approvers))
    return Proposed(version=promote_version(registry, request), champion=True)


def write_report(config: RunConfig, history: RunHistory, result: RunResult, to: Path) -> None:
    """Write the run's page."""
    from ntgate.report.page import write_page

    drift = history.drifted.page
    write_page(run_report(config, history, result), to, None if drift is None else drift.verified())
