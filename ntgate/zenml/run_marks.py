"""What ZenML shows of a whole run once it is decided: verdict, tags, and where it is in MLflow."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from ntgate.config import RunConfig
from ntgate.stages.result import RunResult

_log = logging.getLogger(__name__)


def mark_run(config: RunConfig, result: RunResult) -> None:
    """Put the verdict beside the pipeline run, and tag it with model and outcome.

    The alias may have moved: whatever goes wrong here changes nothing.
    """
    from zenml import add_tags, get_step_context, log_metadata

    try:
        run = get_step_context().pipeline_run
        log_metadata({**result.facts, **_numbers(result), **links(config, result)}, run_id_name_or_prefix=run.id)
        add_tags([f"ntgate: {result.outcome.replace('_', ' ')}", f"ntgate model: {config.model.name}"], run=run.id)
    except Exception as error:  # noqa: BLE001  a store's own faults
        _log.warning("ZenML does not show the verdict beside the run: %s", error)


def links(config: RunConfig, result: RunResult) -> dict[str, Any]:
    """Addresses in MLflow, of the run and of its version, where the registry is a server: without user and password."""
    from zenml.metadata.metadata_types import Uri

    address, told = urlsplit(config.registry.resolved().uri), result.registry
    if not address.scheme.startswith("http") or told["run_id"] is None:
        return {}
    server = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path.rstrip('/')}"
    found = {"mlflow_run": Uri(f"{server}/#/experiments/{told['experiment_id']}/runs/{told['run_id']}")}
    version = told["version"] or (told["approval"] or {}).get("version")
    if version is not None:
        found["mlflow_version"] = Uri(f"{server}/#/models/{told['name']}/versions/{version}")
    return found


def _numbers(result: RunResult) -> dict[str, Any]:
    told = {"gain": result.gain, "p_value": result.p_value, "strategy": result.candidate and result.candidate.strategy}
    told |= {"mlflow_run_id": result.registry["run_id"], "test_rows": result.scratch.n}
    return {name: value for name, value in told.items() if value is not None}
