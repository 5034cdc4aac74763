"""Step: files to verified, split, fingerprinted domains."""

from typing import Annotated

from zenml import log_metadata, step

from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen, see_champion
from ntgate.stages.ingest import Ingested
from ntgate.stages.ingest import ingest as ingest_stage
from ntgate.stages.preflight import check_places
from ntgate.stages.registry_retries import registry_retries
from ntgate.stages.worn import refuse_worn


@step(enable_cache=False)
def ingest(
    config: RunConfig, dry_run: bool = False, allow_first: bool = False, force: bool = False
) -> tuple[Annotated[Ingested, "ingested"], Annotated[ChampionSeen, "champion"]]:
    """Bring the domains into the run's folder, and note which champion the decision will be made against."""
    registry_retries(check_places)(config, dry_run=dry_run)
    ingested = ingest_stage(config)
    log_metadata({"rows": ingested.rows, "fingerprints": ingested.fingerprints, "directory": ingested.directory})
    seen = registry_retries(see_champion)(config, ingested, dry_run=dry_run, allow_first=allow_first)
    registry_retries(refuse_worn)(config, ingested, seen, force=force)
    return ingested, seen
