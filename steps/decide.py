"""Step: the gate."""

from typing import Annotated

from zenml import log_metadata, step

from ntgate.config import RunConfig
from ntgate.shift.report import ShiftReport
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.decide import Decided, decide_run
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.ingest import Ingested
from ntgate.stages.registry_retries import registry_retries


@step(enable_cache=False)
def decide(
    config: RunConfig, ingested: Ingested, champion: ChampionSeen, shift: ShiftReport, evaluated: Evaluated
) -> Annotated[Decided, "decided"]:
    """Judge the candidate and write ``decision.json``."""
    decided = registry_retries(decide_run)(config, ingested, champion, shift, evaluated)
    log_metadata(
        {"outcome": decided.gate.outcome, "decision_id": decided.decision_id, "verdict": decided.gate.sentence}
    )
    return decided
