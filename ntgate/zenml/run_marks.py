"""What ZenML shows of a whole run once it is decided: verdict, tags, and where it is in MLflow."""

from __future__ import annotations

import logging
from typing import Any

from ntgate.config import RunConfig
from ntgate.stages.result import RunResult
from ntgate.zenml.mlflow_pages import run_page, version_page

_log = logging.getLogger(__name__)


def mark_run(config: RunConfig, result: RunResult) -> None:
    """Put the verdict beside the pipeline run, and tag it with the outcome.

    The alias may have moved: whatever goes wrong here changes nothing.
    """
    from zenml import add_tags, get_step_context, log_metadata

    try:
        run = get_step_context().pipeline_run
        log_metadata({**result.facts, **_numbers(result), **links(config, result)}, run_id_name_or_prefix=run.id)
        add_tags([f"ntgate: {result.outcome.replace('_', ' ')}"], run=run.id)
    except Exception as error:  # noqa: BLE001  a store's own faults
        _log.warning("ZenML does not show the verdict beside the run: %s", error)


def links(config: RunConfig, result: RunResult) -> dict[str, Any]:
    """Addresses in MLflow, of the run and of its version, where the registry is a server: without user and password."""
    told = result.registry
    if told["run_id"] is None:
        return {}
    version = told["version"] or (told["approval"] or {}).get("version")
    found = {"mlflow_run": run_page(config, told["experiment_id"], told["run_id"])}
    if version is not None:
        found["mlflow_version"] = version_page(config, told["name"], version)
    return {name: page for name, page in found.items() if page is not None}


def _numbers(result: RunResult) -> dict[str, Any]:
    told = {"gain": result.gain, "p_value": result.p_value, "strategy": result.candidate and result.candidate.strategy}
    told |= {"mlflow_run_id": result.registry["run_id"], "test_rows": result.scratch.n}
    return {name: value for name, value in told.items() if value is not None}
