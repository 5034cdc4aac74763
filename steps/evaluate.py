"""Step: export both arms, open the test rows."""

from typing import Annotated

from zenml import step

from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.compress import Compressed
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.evaluate import evaluate as evaluate_stage
from ntgate.stages.ingest import Ingested
from ntgate.stages.registry_retries import registry_retries
from ntgate.stages.replicate import Replicated
from ntgate.strategies.candidate import Candidate


@step(enable_cache=False)
def evaluate(
    config: RunConfig,
    ingested: Ingested,
    champion: ChampionSeen,
    scratch: Candidate,
    compressed: Compressed,
    replicated: Replicated,
    crossed: CrossFitted,
    dry_run: bool = False,
) -> Annotated[Evaluated, "evaluated"]:
    """Score the frozen candidate, scratch and the champion on the same test rows."""
    return registry_retries(evaluate_stage)(
        config, ingested, champion, scratch, compressed, replicated, crossed, dry_run=dry_run
    )
