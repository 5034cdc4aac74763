"""Step: export both arms, open the test rows."""

from typing import Annotated

from zenml import step

from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.compress import Compressed
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.evaluate import evaluate as evaluate_stage
from ntgate.stages.ingest import Ingested
from ntgate.strategies.candidate import Candidate


@step(enable_cache=False)
def evaluate(
    config: RunConfig,
    ingested: Ingested,
    champion: ChampionSeen,
    scratch: Candidate,
    compressed: Compressed,
) -> Annotated[Evaluated, "evaluated"]:
    """Score the frozen candidate, scratch and the champion on the same test rows."""
    return evaluate_stage(config, ingested, champion, scratch, compressed)
