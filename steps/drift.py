"""Step: how far the target has moved."""

from typing import Annotated

from zenml import log_metadata, step
from zenml.types import HTMLString

from ntgate.config import RunConfig
from ntgate.shift.report import ShiftReport
from ntgate.stages.drift import measure_drift
from ntgate.stages.drift_page import write_drift_page
from ntgate.stages.evidently import evidently_beside, evidently_page
from ntgate.stages.ingest import Ingested
from ntgate.training.source_model import SourceModel


@step(enable_cache=False)
def drift(
    config: RunConfig, ingested: Ingested, source: SourceModel
) -> tuple[
    Annotated[ShiftReport, "shift"], Annotated[HTMLString, "drift_report"], Annotated[HTMLString, "evidently_report"]
]:
    """Measure the shift, and write the drift reports for people."""
    with evidently_beside(config, ingested):
        drifted = measure_drift(config, ingested, source)
        page = write_drift_page(config, ingested, drifted)
    shift = drifted.report
    log_metadata(
        {
            "outcome": shift.outcome,
            "mmd2": shift.mmd2,
            "p_value": shift.p_value,
            "effect_size": shift.effect_size,
            "proxy_a_distance": shift.proxy_a_distance,
        }
    )
    return shift, HTMLString(page.read_text(encoding="utf-8")), HTMLString(evidently_page(config, ingested))
