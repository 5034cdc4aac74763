"""Step: further seeds of the two arms that are compared."""

from typing import Annotated

from zenml import step

from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.stages.compress import Compressed
from ntgate.stages.ingest import Ingested
from ntgate.stages.replicate import Replicated
from ntgate.stages.replicate import replicate as replicate_stage
from ntgate.training.source_model import SourceModel


@step
def replicate(
    config: RunConfig, ingested: Ingested, source: SourceModel, plan: Plan, compressed: Compressed
) -> Annotated[Replicated, "replicated"]:
    """Train the chosen strategy and scratch again with further seeds; with one seed an arm this ends at once."""
    return replicate_stage(config, ingested, source, plan, compressed)
