"""Step: freeze one candidate, export both arms, open the test rows."""

from typing import Annotated

from zenml import step

from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.evaluate import evaluate as evaluate_stage
from ntgate.stages.ingest import Ingested
from ntgate.stages.train import Slot
from ntgate.strategies.candidate import Candidate


@step(enable_cache=False)
def evaluate(
    config: RunConfig,
    ingested: Ingested,
    champion: ChampionSeen,
    scratch: Candidate,
    slot_0: Slot,
    slot_1: Slot,
    slot_2: Slot,
    slot_3: Slot,
) -> Annotated[Evaluated, "evaluated"]:
    """Score the frozen candidate, scratch and the champion on the same test rows."""
    return evaluate_stage(config, ingested, champion, scratch, [slot_0, slot_1, slot_2, slot_3])
