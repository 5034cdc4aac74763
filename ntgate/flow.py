"""The whole flow in one process, with no orchestrator: what ``--inline`` and the tests call.

The ZenML pipeline in ``pipelines/retrain.py`` calls the same stages in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.config import SLOTS, RunConfig
from ntgate.stages.listener import Listener, Silent

if TYPE_CHECKING:
    from ntgate.planning.policy import Plan
    from ntgate.stages.check import Checked
    from ntgate.stages.drift_check import DriftCheck
    from ntgate.stages.ingest import Ingested
    from ntgate.stages.result import RunResult
    from ntgate.stages.retraining import Retraining


def run(
    config: RunConfig,
    *,
    dry_run: bool = False,
    allow_first: bool = False,
    force: bool = False,
    listener: Listener | None = None,
) -> RunResult:
    """Ingest, measure, plan, train, judge, and promote what beats scratch.

    Args:
        config: the run.
        dry_run: do everything but write to the registry.
        allow_first: promote without a comparison with the champion where it was deleted.
        force: train though the test rows are worn out.
        listener: told about the progress.

    Raises:
        NtgateError: when ntgate could not judge, and nothing is promoted; or behind the promotion, which then stands:
            :func:`ntgate.registry.standing.sentence` says which.
    """
    from ntgate.stages.champion import see_champion
    from ntgate.stages.compress import compress
    from ntgate.stages.cross_fit import cross_fit
    from ntgate.stages.decide import decide_run
    from ntgate.stages.drift import measure_drift
    from ntgate.stages.drift_page import write_drift_page
    from ntgate.stages.evaluate import evaluate
    from ntgate.stages.evidently import evidently_beside
    from ntgate.stages.history import RunHistory
    from ntgate.stages.ingest import ingest
    from ntgate.stages.plan import make_plan
    from ntgate.stages.preflight import check_places
    from ntgate.stages.promote import promote
    from ntgate.stages.replicate import replicate
    from ntgate.stages.source import source_model
    from ntgate.stages.train import train_scratch, train_slot
    from ntgate.stages.worn import refuse_worn

    tell = listener or Silent()
    check_places(config, dry_run=dry_run)
    tell.stage("ingest: read, split and check the data")
    ingested = ingest(config)
    champion = see_champion(config, ingested, dry_run=dry_run, allow_first=allow_first)
    refuse_worn(config, ingested, champion, force=force)
    with evidently_beside(config, ingested, tell):
        tell.stage("source: load or pretrain the source model")
        source = source_model(config, ingested, tell)
        tell.stage("drift: measure the shift")
        drifted = measure_drift(config, ingested, source)
        write_drift_page(config, ingested, drifted)
        plan = make_plan(config, ingested, drifted.report)
        tell.stage("train: " + ", ".join([*(strategy.kind for strategy in plan.slots), "scratch"]))
        scratch = train_scratch(config, ingested, tell)
        slots = [train_slot(config, ingested, source, plan, slot, tell) for slot in range(SLOTS)]
        compressed = compress(config, ingested, slots, tell)
        replicated = replicate(config, ingested, source, plan, compressed, tell)
        crossed = cross_fit(config, ingested, source, plan, tell)
        tell.stage("evaluate: export, check parity, open the test rows")
        evaluated = evaluate(config, ingested, champion, scratch, compressed, replicated, crossed, dry_run=dry_run)
        decided = decide_run(config, ingested, champion, drifted.report, evaluated)
    tell.stage(f"gate: {decided.gate.outcome}")
    history = RunHistory(
        ingested=ingested, champion=champion, source=source, shift=drifted.report, plan=plan, scratch=scratch, slots=tuple(slots),
        compressed=compressed, replicated=replicated, crossed=crossed, evaluated=evaluated, decided=decided,
    )  # fmt: skip
    return promote(config, history, dry_run=dry_run)


def drift(config: RunConfig, *, listener: Listener | None = None) -> DriftCheck:
    """Ingest and measure the shift: no arm is trained, no label of the target is looked at."""
    from ntgate.stages.drift_check import check_drift
    from ntgate.stages.evidently import evidently_beside
    from ntgate.stages.ingest import ingest_for_drift
    from ntgate.stages.source import embedder

    tell = listener or Silent()
    tell.stage("ingest: read the data")
    ingested = ingest_for_drift(config)
    with evidently_beside(config, ingested, tell):
        through = embedder(config, ingested, tell)
        tell.stage("drift: measure the shift")
        return check_drift(config, ingested, through)


def retrain_on_shift(config: RunConfig, checked: DriftCheck, *, dry_run: bool = False) -> Retraining:
    """Run the whole flow where the drift check found a shift that is not tolerated; otherwise end at once."""
    from ntgate.stages.retraining import Retraining

    if checked.shift.outcome != "shift":
        return Retraining(result=None)
    return Retraining(result=run(config, dry_run=dry_run))


def plan(config: RunConfig, *, listener: Listener | None = None) -> tuple[Ingested, Plan]:
    """Ingest, measure the shift, and order the strategies."""
    from ntgate.stages.drift import measure_drift
    from ntgate.stages.ingest import ingest
    from ntgate.stages.plan import make_plan
    from ntgate.stages.source import embedder

    tell = listener or Silent()
    tell.stage("ingest: read, split and check the data")
    ingested = ingest(config)
    through = embedder(config, ingested, tell)
    tell.stage("drift: measure the shift")
    return ingested, make_plan(config, ingested, measure_drift(config, ingested, through.source).report)


def check(config: RunConfig) -> Checked:
    """Read and split the data as a run would, and look for leaks and for all that would stop a run later.

    Raises:
        NtgateError: when something would; :class:`~ntgate.errors.Faults` when it is more than one thing.
    """
    from ntgate.stages.check import check_data

    return check_data(config)
