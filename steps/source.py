"""Step: the source model."""

from typing import Annotated

from zenml import log_metadata, step

from ntgate.config import RunConfig
from ntgate.stages.ingest import Ingested
from ntgate.stages.source import source_model
from ntgate.training.source_model import SourceModel


@step
def source(config: RunConfig, ingested: Ingested) -> Annotated[SourceModel, "source_model"]:
    """Load the source checkpoint, or pretrain the backbone on the source rows."""
    model = source_model(config, ingested)
    log_metadata({"origin": model.origin, "validation": model.validation or 0.0, "seconds": model.seconds})
    return model
