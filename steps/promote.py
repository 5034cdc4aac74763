"""Step: record the run, and move the alias when the gate passed."""

from typing import Annotated

from zenml import log_metadata, step
from zenml.types import HTMLString

from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.shift.report import ShiftReport
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.compress import Compressed
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.decide import Decided
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.history import RunHistory
from ntgate.stages.ingest import Ingested
from ntgate.stages.promote import promote as promote_stage
from ntgate.stages.registry_retries import registry_retries
from ntgate.stages.replicate import Replicated
from ntgate.stages.result import RunResult
from ntgate.stages.train import Slot
from ntgate.strategies.candidate import Candidate
from ntgate.training.source_model import SourceModel


@step(enable_cache=False)
def promote(
    config: RunConfig, ingested: Ingested, champion: ChampionSeen, source: SourceModel, shift: ShiftReport,
    plan: Plan, scratch: Candidate,
    slot_0: Slot, slot_1: Slot, slot_2: Slot, slot_3: Slot, compressed: Compressed, replicated: Replicated,
    crossed: CrossFitted, evaluated: Evaluated, decided: Decided,
    dry_run: bool = False,
) -> tuple[Annotated[RunResult, "result"], Annotated[HTMLString, "report"]]:  # fmt: skip
    """Conclude the run: reports, MLflow runs, version and alias."""
    history = RunHistory(
        ingested=ingested, champion=champion, source=source, shift=shift, plan=plan, scratch=scratch,
        slots=(slot_0, slot_1, slot_2, slot_3), compressed=compressed, replicated=replicated,
        crossed=crossed, evaluated=evaluated, decided=decided,
    )  # fmt: skip
    result = registry_retries(promote_stage)(config, history, dry_run=dry_run)
    log_metadata({"outcome": result.outcome, "version": result.registry["version"] or "none"})
    return result, HTMLString(history.report.read_text(encoding="utf-8"))
