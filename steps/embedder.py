"""Step: what the rows of a drift check are measured through."""

from typing import Annotated

from zenml import step

from ntgate.config import RunConfig
from ntgate.stages.ingest import Ingested
from ntgate.stages.source import Embedder
from ntgate.stages.source import embedder as embedder_stage


@step(enable_cache=False)
def embedder(config: RunConfig, ingested: Ingested) -> Annotated[Embedder, "embedder"]:
    """Load or pretrain the source model for arrays and images; tables need none."""
    return embedder_stage(config, ingested)
