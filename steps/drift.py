"""Step: how far the target has moved."""

from typing import Annotated

from zenml import log_metadata, step
from zenml.types import HTMLString

from ntgate.config import RunConfig
from ntgate.shift.report import ShiftReport
from ntgate.stages.drift import drift_page, measure_shift
from ntgate.stages.ingest import Ingested
from ntgate.training.source_model import SourceModel


@step(enable_cache=False)
def drift(
    config: RunConfig, ingested: Ingested, source: SourceModel
) -> tuple[Annotated[ShiftReport, "shift"], Annotated[HTMLString, "drift_report"]]:
    """Measure the shift, and write the drift report for people."""
    shift = measure_shift(config, ingested, source)
    log_metadata(
        {
            "outcome": shift.outcome,
            "mmd2": shift.mmd2,
            "p_value": shift.p_value,
            "effect_size": shift.effect_size,
            "proxy_a_distance": shift.proxy_a_distance,
        }
    )
    return shift, HTMLString(drift_page(config, ingested).read_text(encoding="utf-8"))
