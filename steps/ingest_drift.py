"""Step: the rows of a drift check."""

from typing import Annotated

from zenml import log_metadata, step

from ntgate.config import RunConfig
from ntgate.stages.ingest import Ingested
from ntgate.stages.ingest import ingest_for_drift as ingest_stage


@step(enable_cache=False)
def ingest_for_drift(config: RunConfig) -> Annotated[Ingested, "ingested"]:
    """Bring the source and the target rows into the run's folder; no label of the target is looked at."""
    ingested = ingest_stage(config)
    log_metadata({"rows": ingested.rows, "fingerprints": ingested.fingerprints, "directory": ingested.directory})
    return ingested
