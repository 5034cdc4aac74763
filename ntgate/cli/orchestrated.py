"""The run on ZenML's active stack."""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntgate.cli.project import find
from ntgate.errors import ConfigError, NtgateError

if TYPE_CHECKING:
    from ntgate.config import RunConfig
    from ntgate.stages.result import RunResult

_QUIET = {
    "ZENML_ANALYTICS_OPT_IN": "false",
    "ZENML_ENABLE_RICH_TRACEBACK": "false",
    "ZENML_LOGGING_VERBOSITY": "CRITICAL",
    "AUTO_OPEN_DASHBOARD": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
}


def run_pipeline(config: RunConfig, path: str, *, dry_run: bool) -> RunResult:
    """Run ``pipelines/retrain.py`` of the project around the config file, and return its answer.

    Raises:
        ConfigError: when there is no project.
        NtgateError: what a step raised.
    """
    root = find([Path(path).parent])
    if root is None:
        raise ConfigError(
            path, expected="a project with pipelines/retrain.py and steps/ at or above it", got="none",
            fix="run `ntgate init DIR`, or add --inline to run without ZenML",
        )  # fmt: skip
    for variable, value in _QUIET.items():
        os.environ.setdefault(variable, value)
    from zenml.utils import source_utils

    source_utils.set_custom_source_root(str(root))
    sys.path.insert(0, str(root))
    retrain = importlib.import_module("pipelines.retrain").retrain
    try:
        run = retrain(config=config, dry_run=dry_run)
    except Exception as error:
        raise _cause(error) from error
    return _answer(run)


def _cause(error: BaseException) -> BaseException:
    """The ntgate error at the bottom of what an orchestrator wrapped around it, else the error itself."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, NtgateError):
            return inner
        inner = inner.__cause__ or inner.__context__
    return error


def _answer(run: Any) -> RunResult:
    """Wait for the pipeline run where the orchestrator does not, and load its result."""
    from zenml.client import Client

    while not run.status.is_finished:
        time.sleep(5)
        run = Client().get_pipeline_run(run.id)
    result: RunResult = run.steps["promote"].outputs["result"][0].load()
    return result
