"""The drift check: a static DAG, cheap enough for a schedule."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from ntgate.config import RunConfig
from ntgate.zenml import alert_on_failure, drift_checking


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST, on_failure=alert_on_failure)
def drift_check(config: RunConfig):
    """Measure how far the target has moved; nothing is trained but a source backbone, and that only where rows need one.

    On an orchestrator with schedules: ``drift_check.with_options(schedule=Schedule(cron_expression="17 3 * * *"))(config)``.
    The last step's metadata ``outcome`` is ``shift`` where the config calls for a retraining.
    """
    return drift_checking(config)
