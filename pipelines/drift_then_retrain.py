"""The drift check, and the retraining only where it finds a shift: for an orchestrator's schedule."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from ntgate.config import RunConfig
from ntgate.zenml.failure import alert_on_failure
from steps.check_drift import check_drift
from steps.embedder import embedder
from steps.ingest_drift import ingest_for_drift
from steps.retrain_on_shift import retrain_on_shift


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST, on_failure=alert_on_failure)
def drift_then_retrain(config: RunConfig, dry_run: bool = False):
    """Check for drift, and hand over to a whole run where the config calls for a retraining.

    A static DAG cannot leave out steps. The run is therefore one step, which ends at once without a shift: of the nights without
    one, a cluster sees one short pod with a GPU instead of six. Where the arms must train beside each other, let the scheduler
    choose: ``ntgate drift CONFIG --zenml; test $? -eq 3 && ntgate run CONFIG``.
    """
    ingested = ingest_for_drift(config)
    through = embedder(config, ingested)
    checked, _, _ = check_drift(config, ingested, through)
    return retrain_on_shift(config, checked, dry_run)
