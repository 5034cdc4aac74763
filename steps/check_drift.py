"""Step: whether the target has moved too far."""

from typing import Annotated

from zenml import log_metadata, step
from zenml.types import HTMLString

from ntgate.config import RunConfig
from ntgate.stages.drift_check import DriftCheck
from ntgate.stages.drift_check import check_drift as check_stage
from ntgate.stages.evidently import evidently_beside, evidently_page
from ntgate.stages.ingest import Ingested
from ntgate.stages.source import Embedder


@step(enable_cache=False)
def check_drift(
    config: RunConfig, ingested: Ingested, embedder: Embedder
) -> tuple[
    Annotated[DriftCheck, "drift_check"],
    Annotated[HTMLString, "drift_report"],
    Annotated[HTMLString, "evidently_report"],
]:
    """Measure the shift, and compare it with what the config tolerates."""
    with evidently_beside(config, ingested):
        checked = check_stage(config, ingested, embedder)
    shift = checked.shift
    log_metadata(
        {"outcome": shift.outcome, "p_value": shift.p_value, "effect_size": shift.effect_size, "mmd2": shift.mmd2}
    )
    return checked, HTMLString(checked.page), HTMLString(evidently_page(config, ingested))
