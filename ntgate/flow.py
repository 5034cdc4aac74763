"""The order of a run, and the run in one process, with no orchestrator: what ``--inline`` and the tests call.

ZenML's pipelines and Kubeflow's are made from the same lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ntgate.config import RunConfig
from ntgate.extras import require
from ntgate.graph import Context, Flags, Stage, graph, run_here
from ntgate.stages.combine import combine
from ntgate.stages.compress import compress
from ntgate.stages.cross_fit import cross_fit
from ntgate.stages.decide import decide_run
from ntgate.stages.drift_check import check_drift
from ntgate.stages.drift_page import NOT_MEASURED, Drifted, drift_of_run
from ntgate.stages.evaluate import evaluate
from ntgate.stages.evidently import evidently
from ntgate.stages.ingest import ingest, ingest_for_drift
from ntgate.stages.place import Place
from ntgate.stages.plan import make_plan
from ntgate.stages.preflight import extras_of, ingest_where_it_can_end
from ntgate.stages.progress_listener import Listener, Silent
from ntgate.stages.promote import promote
from ntgate.stages.replicate import replicate
from ntgate.stages.result import RunResult
from ntgate.stages.retraining import Retraining
from ntgate.stages.second_process import Crew
from ntgate.stages.source import embedder, source_model
from ntgate.stages.train import slot_seconds, train_scratch, train_slot
from ntgate.stages.worn import champion_to_beat
from ntgate.transport import cache, remote

if TYPE_CHECKING:
    from ntgate.planning.policy import Plan
    from ntgate.stages.check import Checked
    from ntgate.stages.drift_check import DriftCheck
    from ntgate.stages.ingest import Ingested

RETRAIN = (
    Stage("ingest", ingest_where_it_can_end, "ingested", "ingest: read, split and check the data"),
    Stage("champion", champion_to_beat, "champion"),
    Stage("evidently", evidently, "evidently_page", beside=True),
    Stage("source", source_model, "source", "source: load or pretrain the source model", trains=True),
    Stage("drift", drift_of_run, "drifted", "drift: measure the shift"),
    Stage("plan", make_plan, "plan", "plan: which strategies to train"),
    Stage("scratch", train_scratch, "scratch", "train: scratch", trains=True, apart=True),
    Stage("train", train_slot, "slots", every_arm=True, trains=True, apart=True, takes=slot_seconds),
    Stage("combine", combine, "combined"),
    Stage("compress", compress, "compressed", trains=True),
    Stage("replicate", replicate, "replicated", trains=True),
    Stage("cross_fit", cross_fit, "crossed", trains=True),
    Stage("evaluate", evaluate, "evaluated", "evaluate: export, check parity, open the test rows"),
    Stage("decide", decide_run, "decided"),
    Stage("promote", promote, "result"),
)
DRIFT_CHECK = (
    Stage("ingest", ingest_for_drift, "ingested", "ingest: read the data"),
    Stage("evidently", evidently, "evidently_page", beside=True),
    Stage("embed", embedder, "embedder", trains=True),
    Stage("check_drift", check_drift, "checked", "drift: measure the shift"),
)


def run(
    config: RunConfig,
    *,
    dry_run: bool = False,
    allow_first: bool = False,
    force: bool = False,
    listener: Listener | None = None,
    helped: bool = False,
) -> RunResult:
    """Ingest, measure, plan, train, judge, and promote what beats scratch.

    Args:
        config: the run.
        dry_run: do everything but write to the registry.
        allow_first: promote without a comparison with the champion where it was deleted.
        force: train though the test rows are worn out.
        listener: told about the progress.
        helped: whether a second process may train arms beside this one.

    Raises:
        NtgateError: when ntgate could not judge, and nothing is promoted; or behind the promotion, which then stands:
            :func:`ntgate.registry.standing.sentence` says which.
    """
    require("a run", *extras_of(config))
    flags = Flags(dry_run=dry_run, allow_first=allow_first, force=force)
    tell = listener or Silent()
    context = Context(config, Place.of(config), flags, tell, crew=Crew(tell, helped=helped))
    return cast(RunResult, run_here(graph(RETRAIN, len(config.strategies)), context)["result"])


def drift(config: RunConfig, *, listener: Listener | None = None) -> DriftCheck:
    """Ingest and measure the shift: no arm is trained, no label of the target is looked at."""
    context = Context(config, Place.of(config), listener=listener or Silent())
    return cast("DriftCheck", run_here(graph(DRIFT_CHECK, len(config.strategies)), context)["checked"])


def retrain_on_shift(config: RunConfig, checked: DriftCheck, dry_run: bool = False, listener: Listener | None = None) -> Retraining:
    """Run the whole flow where the drift check found a shift that is not tolerated; otherwise end at once."""
    if checked.shift.outcome != "shift":
        return Retraining(result=None)
    return Retraining(result=run(config, dry_run=dry_run, listener=listener))


DRIFT_THEN_RETRAIN = (*DRIFT_CHECK, Stage("retrain_on_shift", retrain_on_shift, "retraining", trains=True))


def plan(config: RunConfig, *, listener: Listener | None = None) -> tuple[Ingested, Plan]:
    """Ingest, measure the shift, and order the strategies."""
    from ntgate.stages.drift import measure_drift

    require("a plan", *extras_of(config))
    tell = listener or Silent()
    if remote(config.output):  # nobody else reads what a plan leaves behind
        config = config.model_copy(update={"output": str(cache() / "plans")})
    place = Place.of(config)
    tell.stage("ingest: read, split and check the data")
    ingested = ingest(config, place)
    through = embedder(config, place.folder, ingested, tell)
    tell.stage("drift: measure the shift")
    drift = measure_drift(config, ingested, through.source)
    drifted = Drifted(report=None, why=NOT_MEASURED) if drift is None else Drifted(report=drift.report)
    return ingested, make_plan(config, ingested, through.source, drifted)


def check(config: RunConfig) -> Checked:
    """Read and split the data as a run would, and look for leaks and for all that would stop a run later.

    Raises:
        NtgateError: when something would; :class:`~ntgate.errors.Faults` when it is more than one thing.
    """
    from ntgate.stages.check import check_data

    return check_data(config)
