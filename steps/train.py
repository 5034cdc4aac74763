"""Steps: one arm a slot, and scratch beside them."""

from typing import Annotated

from zenml import step

from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.stages.ingest import Ingested
from ntgate.stages.train import Slot, train_scratch, train_slot
from ntgate.strategies.candidate import Candidate
from ntgate.training.source_model import SourceModel


@step
def train(config: RunConfig, ingested: Ingested, source: SourceModel, plan: Plan, slot: int) -> Annotated[Slot, "slot"]:
    """Train the plan's strategy of this slot; an empty slot ends at once."""
    return train_slot(config, ingested, source, plan, slot)


@step
def scratch(config: RunConfig, ingested: Ingested) -> Annotated[Candidate, "scratch"]:
    """Train the baseline on the target rows alone, with the same budget."""
    return train_scratch(config, ingested)
