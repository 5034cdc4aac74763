"""Step: held-out scores fold by fold, for targets without test rows."""

from typing import Annotated

from zenml import step

from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.cross_fit import cross_fit as cross_fit_stage
from ntgate.stages.ingest import Ingested
from ntgate.training.source_model import SourceModel


@step
def cross_fit(
    config: RunConfig, ingested: Ingested, source: SourceModel, plan: Plan
) -> Annotated[CrossFitted, "cross_fitted"]:
    """Make the choice again without each fold of the target; without gate.cross_fitting this ends at once."""
    return cross_fit_stage(config, ingested, source, plan)
