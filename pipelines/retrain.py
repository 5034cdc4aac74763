"""The retrain pipeline: one static DAG, with a step for each strategy of the config."""

from zenml import pipeline
from zenml.enums import ExecutionMode

from ntgate.config import RunConfig
from ntgate.zenml import alert_on_failure, retraining
from steps.announce import announce


@pipeline(enable_cache=False, execution_mode=ExecutionMode.FAIL_FAST, on_failure=alert_on_failure)
def retrain(config: RunConfig, dry_run: bool = False, allow_first: bool = False, force: bool = False):
    """Retrain on the target, and promote what beats training from scratch. Own steps go before and after the run.

    No step is retried by the orchestrator, which would repeat refusals too; the steps that need the registry ask again themselves
    while it does not answer. Images and the like are settings of ``retrain.yaml`` beside this file.
    """
    result = retraining(config, dry_run=dry_run, allow_first=allow_first, force=force)
    announce(result)
    return result
