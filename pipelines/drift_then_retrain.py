"""The drift check, and the retraining only where it finds a shift: for an orchestrator's schedule."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from ntgate.config import RunConfig
from ntgate.zenml import alert_on_failure, drift_then_retraining


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST, on_failure=alert_on_failure)
def drift_then_retrain(config: RunConfig, dry_run: bool = False):
    """Check for drift, and do a whole run in the last step where the config calls for a retraining."""
    return drift_then_retraining(config, dry_run)
