"""Pipelines on ZenML's active stack."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntgate.cli.project import find
from ntgate.cli.store import client
from ntgate.errors import ConfigError, NtgateError
from ntgate.references import with_password

if TYPE_CHECKING:
    from ntgate.config import RunConfig
    from ntgate.stages.drift_check import DriftCheck
    from ntgate.stages.result import RunResult


def run_pipeline(config: RunConfig, path: str, *, dry_run: bool, allow_first: bool = False) -> RunResult:
    """Run ``pipelines/retrain.py`` of the project around the config file, and return its answer.

    Raises:
        ConfigError: when there is no project.
        NtgateError: what a step raised.
    """
    run = _run("retrain", path, "add --inline", config=config, dry_run=dry_run, allow_first=allow_first)
    result: RunResult = run.steps["promote"].outputs["result"][0].load()
    return result


def run_drift_check(config: RunConfig, path: str) -> DriftCheck:
    """Run ``pipelines/drift_check.py`` of the project around the config file, and return its answer.

    Raises:
        ConfigError: when there is no project, or it has no such pipeline.
        NtgateError: what a step raised.
    """
    run = _run("drift_check", path, "leave out --zenml", config=config)
    result: DriftCheck = run.steps["check_drift"].outputs["drift_check"][0].load()
    return result


def submit(name: str, path: str, config: RunConfig, *, schedule: str, cron: str) -> None:
    """Hand a pipeline of the project over to the active stack's orchestrator, to be run by the clock.

    Raises:
        ConfigError: when there is no project, or it has no such pipeline.
    """
    from zenml.config.schedule import Schedule

    pipeline = _pipeline(name, path, "use --with systemd or cron", config)
    pipeline.with_options(schedule=Schedule(name=schedule, cron_expression=cron))(config=config)


def _run(name: str, path: str, without: str, *, config: RunConfig, **arguments: Any) -> Any:
    """Run the pipeline ``name`` on the active stack to its end; ``without`` says how to do without ZenML."""
    pipeline = _pipeline(name, path, without, config)
    try:
        run = pipeline(config=config, **arguments)
    except Exception as error:
        raise _cause(error) from error
    return _finished(run)


def _pipeline(name: str, path: str, without: str, config: RunConfig) -> Any:
    """The pipeline ``name`` of the project around the config file at ``path``, with ZenML's store open."""
    root = find([Path(path).parent])
    if root is None or not (root / "pipelines" / f"{name}.py").is_file():
        raise ConfigError(
            path,
            expected=f"a project with pipelines/{name}.py and steps/ at or above it",
            got="none" if root is None else f"{root} without it",
            fix=f"run `ntgate init DIR`, or {without} to run without ZenML",
        )
    _refuse_password(config)
    client()
    rooted(root)
    pipeline = getattr(importlib.import_module(f"pipelines.{name}"), name)
    settings = root / "pipelines" / f"{name}.yaml"
    return pipeline.with_options(config_path=str(settings)) if settings.is_file() else pipeline


def rooted(project: Path) -> None:
    """Let ZenML find the project's own code: pipelines, steps and flavors."""
    from zenml.utils import source_utils

    source_utils.set_custom_source_root(str(project))
    if str(project) not in sys.path:
        sys.path.insert(0, str(project))


def _refuse_password(config: RunConfig) -> None:
    """ZenML keeps a pipeline's parameters in its database for everybody to see, the addresses of databases among them."""
    for where, uri in (("registry.uri", config.registry.uri), ("gate.ledger.uri", config.gate.ledger.uri)):
        if uri is None or not with_password(uri):
            continue
        raise ConfigError(
            where, expected="a password as ${NAME} on ZenML, which stores the config", got="a password in the config",
            fix="write it as ${NAME} and export NAME, also where the steps run, or add --inline",
        )  # fmt: skip


def _cause(error: BaseException) -> BaseException:
    """The ntgate error at the bottom of what an orchestrator wrapped around it, else the error itself."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, NtgateError):
            return inner
        inner = inner.__cause__ or inner.__context__
    return error


def _finished(run: Any) -> Any:
    """The pipeline run at its end, waited for where the orchestrator does not."""
    while not run.status.is_finished:
        time.sleep(5)
        run = client().get_pipeline_run(run.id)
    return run
