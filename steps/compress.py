"""Step: freeze one candidate, and make it smaller where the config asks for it."""

from typing import Annotated

from zenml import step

from ntgate.config import RunConfig
from ntgate.stages.compress import Compressed
from ntgate.stages.compress import compress as compress_stage
from ntgate.stages.ingest import Ingested
from ntgate.stages.train import Slot


@step(enable_cache=False)
def compress(
    config: RunConfig, ingested: Ingested, slot_0: Slot, slot_1: Slot, slot_2: Slot, slot_3: Slot
) -> Annotated[Compressed, "compressed"]:
    """Choose the best arm on the validation rows, and compress it; without methods this ends at once."""
    return compress_stage(config, ingested, [slot_0, slot_1, slot_2, slot_3])
