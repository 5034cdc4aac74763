"""Step: the whole run, where a drift check calls for it."""

from typing import Annotated

from zenml import log_metadata, step

from ntgate.config import RunConfig
from ntgate.flow import retrain_on_shift as retrain_on_shift_flow
from ntgate.stages.drift_check import DriftCheck
from ntgate.stages.retraining import Retraining


@step(enable_cache=False)
def retrain_on_shift(
    config: RunConfig, checked: DriftCheck, dry_run: bool = False
) -> Annotated[Retraining, "retraining"]:
    """Train, judge and promote in this step's process; without a shift this ends at once."""
    retraining = retrain_on_shift_flow(config, checked, dry_run=dry_run)
    log_metadata({"outcome": retraining.outcome})
    return retraining
