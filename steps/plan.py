"""Step: which strategies to train, in which order, and why."""

from typing import Annotated

from zenml import log_metadata, step

from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.shift.report import ShiftReport
from ntgate.stages.ingest import Ingested
from ntgate.stages.plan import make_plan


@step(enable_cache=False)
def plan(config: RunConfig, ingested: Ingested, shift: ShiftReport) -> Annotated[Plan, "plan"]:
    """Order the strategies by what is known before training."""
    made = make_plan(config, ingested, shift)
    log_metadata({row.strategy.kind: row.reason for row in made.rows})
    return made
