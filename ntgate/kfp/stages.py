"""The stages as functions of results: what runs in a pod, and what the pipeline is derived from.

An argument that is named like a stage's result gets that result, so that the pipeline follows from the signatures. ``config`` and
the plain values are arguments of the pipeline.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

from ntgate.base import Frozen
from ntgate.config import SLOTS, RunConfig
from ntgate.planning.policy import Plan
from ntgate.shift.report import ShiftReport
from ntgate.stages.champion import ChampionSeen, see_champion
from ntgate.stages.compress import Compressed
from ntgate.stages.compress import compress as compress_stage
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.cross_fit import cross_fit as cross_fit_stage
from ntgate.stages.decide import Decided, decide_run
from ntgate.stages.drift import measure_drift
from ntgate.stages.drift_page import write_drift_page
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.evaluate import evaluate as evaluate_stage
from ntgate.stages.evidently import evidently_beside
from ntgate.stages.history import RunHistory
from ntgate.stages.ingest import Ingested
from ntgate.stages.ingest import ingest as ingest_stage
from ntgate.stages.plan import make_plan
from ntgate.stages.preflight import check_places
from ntgate.stages.promote import promote as promote_stage
from ntgate.stages.registry_retries import registry_retries
from ntgate.stages.replicate import Replicated
from ntgate.stages.replicate import replicate as replicate_stage
from ntgate.stages.result import RunResult
from ntgate.stages.source import source_model
from ntgate.stages.train import Slot, train_scratch, train_slot
from ntgate.stages.worn import refuse_worn
from ntgate.strategies.candidate import Candidate
from ntgate.training.source_model import SourceModel


def ingest(config: RunConfig, dry_run: bool) -> Ingested:
    """Bring the domains into the run's folder, which every later pod reads and writes too, once registry and store answered."""
    registry_retries(check_places)(config, dry_run=dry_run)
    return ingest_stage(config)


def champion(config: RunConfig, ingested: Ingested, dry_run: bool, allow_first: bool, force: bool) -> ChampionSeen:
    """Note which champion the decision will be made against, and end where the test rows could judge nothing."""
    seen = registry_retries(see_champion)(config, ingested, dry_run=dry_run, allow_first=allow_first)
    registry_retries(refuse_worn)(config, ingested, seen, force=force)
    return seen


def source(config: RunConfig, ingested: Ingested) -> SourceModel:
    """Load the source checkpoint, or pretrain the backbone on the source rows."""
    return source_model(config, ingested)


def drift(config: RunConfig, ingested: Ingested, source: SourceModel) -> ShiftReport:
    """Measure the shift, and write the drift pages into the run's folder."""
    with evidently_beside(config, ingested):
        drifted = measure_drift(config, ingested, source)
        write_drift_page(config, ingested, drifted)
    return drifted.report


def plan(config: RunConfig, ingested: Ingested, shift: ShiftReport) -> Plan:
    """Order the strategies by what is known before training."""
    return make_plan(config, ingested, shift)


def train(config: RunConfig, ingested: Ingested, source: SourceModel, plan: Plan, slot: int) -> Slot:
    """Train the plan's strategy of this slot; an empty slot ends at once."""
    return train_slot(config, ingested, source, plan, slot)


def scratch(config: RunConfig, ingested: Ingested) -> Candidate:
    """Train the baseline on the target rows alone, with the same budget."""
    return train_scratch(config, ingested)


def compress(
    config: RunConfig, ingested: Ingested, slot_0: Slot, slot_1: Slot, slot_2: Slot, slot_3: Slot
) -> Compressed:
    """Choose the best arm on the validation rows, and compress it where the config asks for it."""
    return compress_stage(config, ingested, [slot_0, slot_1, slot_2, slot_3])


def replicate(
    config: RunConfig, ingested: Ingested, source: SourceModel, plan: Plan, compressed: Compressed
) -> Replicated:
    """Train the chosen strategy and scratch again with further seeds; with one seed an arm this ends at once."""
    return replicate_stage(config, ingested, source, plan, compressed)


def cross_fit(config: RunConfig, ingested: Ingested, source: SourceModel, plan: Plan) -> CrossFitted:
    """Make the choice again without each fold of the target; without gate.cross_fitting this ends at once."""
    return cross_fit_stage(config, ingested, source, plan)


def evaluate(
    config: RunConfig, ingested: Ingested, champion: ChampionSeen, scratch: Candidate, compressed: Compressed,
    replicated: Replicated, crossed: CrossFitted, dry_run: bool,
) -> Evaluated:  # fmt: skip
    """Score the frozen candidate, scratch and the champion on the same test rows, as far as the ledger allows it."""
    return registry_retries(evaluate_stage)(
        config, ingested, champion, scratch, compressed, replicated, crossed, dry_run=dry_run
    )


def decide(
    config: RunConfig, ingested: Ingested, champion: ChampionSeen, shift: ShiftReport, evaluated: Evaluated
) -> Decided:
    """Judge the candidate and write ``decision.json``."""
    return registry_retries(decide_run)(config, ingested, champion, shift, evaluated)


def promote(
    config: RunConfig, ingested: Ingested, champion: ChampionSeen, source: SourceModel, shift: ShiftReport, plan: Plan,
    scratch: Candidate, slot_0: Slot, slot_1: Slot, slot_2: Slot, slot_3: Slot, compressed: Compressed,
    replicated: Replicated, crossed: CrossFitted, evaluated: Evaluated, decided: Decided, dry_run: bool,
) -> RunResult:  # fmt: skip
    """Conclude the run: reports, MLflow runs, version and alias."""
    history = RunHistory(
        ingested=ingested, champion=champion, source=source, shift=shift, plan=plan, scratch=scratch,
        slots=(slot_0, slot_1, slot_2, slot_3), compressed=compressed, replicated=replicated, crossed=crossed,
        evaluated=evaluated, decided=decided,
    )  # fmt: skip
    return registry_retries(promote_stage)(config, history, dry_run=dry_run)


@dataclass(frozen=True)
class Stage:
    """One task of the pipeline.

    Attributes:
        function: what it does.
        result: the name under which later stages ask for its result.
        constants: arguments that are the same in every run.
        trains: whether it trains, so that it is given a GPU, and runs again when its pod is lost: it resumes from its checkpoint.
    """

    function: Callable[..., Frozen]
    result: str
    constants: dict[str, int] = field(default_factory=dict)
    trains: bool = False

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of what it asks for."""
        return tuple(inspect.signature(self.function).parameters)


STAGES = (
    Stage(ingest, "ingested"),
    Stage(champion, "champion"),
    Stage(source, "source", trains=True),
    Stage(drift, "shift"),
    Stage(plan, "plan"),
    Stage(scratch, "scratch", trains=True),
    *(Stage(train, f"slot_{slot}", {"slot": slot}, trains=True) for slot in range(SLOTS)),
    Stage(compress, "compressed", trains=True),
    Stage(replicate, "replicated", trains=True),
    Stage(cross_fit, "crossed", trains=True),
    Stage(evaluate, "evaluated"),
    Stage(decide, "decided"),
    Stage(promote, "result"),
)
