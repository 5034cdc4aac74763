"""Pipelines on ZenML's active stack."""

from __future__ import annotations

import importlib
import secrets
import sys
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntgate.cli.project import around
from ntgate.cli.store import client
from ntgate.config_file import may_refer, with_passwords
from ntgate.errors import ConfigError, ConfigErrors, NtgateError
from ntgate.registry import standing

if TYPE_CHECKING:
    from ntgate.config import RunConfig
    from ntgate.stages.drift_check import DriftCheck
    from ntgate.stages.result import RunResult

_PACKAGES = ("pipelines", "steps")


def run_pipeline(config: RunConfig, path: str, *, dry_run: bool, allow_first: bool = False, force: bool = False) -> RunResult:
    """Run ``pipelines/retrain.py`` of the project around the config file, else ntgate's own, and return its answer.

    Raises:
        ConfigError: when the config has a password in it.
        NtgateError: what a step raised.
    """
    run = _run("retrain", path, "add --inline", config=config, dry_run=dry_run, allow_first=allow_first, force=force)
    result: RunResult = run.steps["promote"].outputs["result"][0].load()
    return result


def run_drift_check(config: RunConfig, path: str) -> DriftCheck:
    """Run ``pipelines/drift_check.py`` of the project around the config file, else ntgate's own, and return its answer.

    Raises:
        ConfigError: when the project has no such pipeline.
        NtgateError: what a step raised.
    """
    run = _run("drift_check", path, "leave out --zenml", config=config)
    result: DriftCheck = run.steps["check_drift"].outputs["result"][0].load()
    return result


def submit(name: str, path: str, config: RunConfig, *, schedule: str, cron: str) -> None:
    """Hand a pipeline over to the active stack's orchestrator, to be run by the clock.

    Raises:
        ConfigError: when the project around the config file has no such pipeline.
    """
    from zenml.config.schedule import Schedule

    pipeline = _pipeline(name, path, "use --with systemd or cron", config)
    pipeline.with_options(schedule=Schedule(name=schedule, cron_expression=cron))(config=config)


def _run(name: str, path: str, without: str, *, config: RunConfig, **arguments: Any) -> Any:
    """Run the pipeline ``name`` on the active stack to its end; ``without`` says how to do without ZenML."""
    from ntgate.stages.evidently import begun_ahead

    title = f"{config.model.name}-{datetime.now(UTC):%Y-%m-%d-%H%M%S}-{secrets.token_hex(3)}"
    pipeline = _pipeline(name, path, without, config).with_options(run_name=title)
    here = client().active_stack.orchestrator.flavor == "local"  # which runs the steps in this process, one after the other
    if not here:
        standing.elsewhere(config.model.name)
    try:
        with begun_ahead(config) if here else nullcontext():
            run = pipeline(config=config, **arguments)
    except Exception as error:
        raise _cause(error, title) from error
    return _finished(run)


def _pipeline(name: str, path: str, without: str, config: RunConfig) -> Any:
    """The pipeline ``name`` of the project around the config file at ``path``, else ntgate's own, with ZenML's store open."""
    root = around(Path(path))
    if not (root / "pipelines" / f"{name}.py").is_file():
        raise ConfigError(
            path,
            expected=f"a project with pipelines/{name}.py and steps/ at or above it",
            got=f"{root} without it",
            fix=f"run `ntgate init {root}`, or {without} to run without ZenML",
        )
    _refuse_passwords(config)
    client()
    rooted(root)
    try:
        pipeline = getattr(importlib.import_module(f"pipelines.{name}"), name)
    except (ImportError, AttributeError) as error:
        if isinstance(error, ImportError) and not (error.name or "").startswith("ntgate"):
            raise
        raise ConfigError(
            str(root),
            expected=f"pipelines/{name}.py and steps/ for this version of ntgate",
            got=str(error).partition(" (")[0],
            fix=f"move both folders away, run `ntgate init {root}`, and put your own steps into the new pipelines",
        ) from error
    settings = root / "pipelines" / f"{name}.yaml"
    return pipeline.with_options(config_path=str(settings)) if settings.is_file() else pipeline


def rooted(project: Path) -> None:
    """Let ZenML find the pipelines, steps and flavors of ``project``, and none of the same name elsewhere.

    A working directory may have packages called ``steps`` and ``pipelines`` of its own, and an earlier run of this process may
    have imported those of another project.
    """
    from zenml.utils import source_utils

    place = str(project)
    source_utils.set_custom_source_root(place)
    sys.path[:] = [place, *(path for path in sys.path if path != place)]
    for name in [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]:
        file = getattr(sys.modules[name], "__file__", None)
        if file is None or project.resolve() not in Path(file).resolve().parents:
            del sys.modules[name]


def _refuse_passwords(config: RunConfig) -> None:
    """ZenML keeps a pipeline's parameters in its database for everybody to see, the whole config in them."""
    errors = []
    for where in with_passwords(config.model_dump(mode="json")):
        if may_refer(where):
            expected = "a password as ${NAME}"
            fix = "write it as ${NAME} and export NAME, also where the steps run, or add --inline"
        else:
            expected, fix = "no password", "leave it to the variables that the store's own library reads, or add --inline"
        expected += " on ZenML, which stores the config"
        errors.append(ConfigError(where, expected=expected, got="a password in the config", fix=fix))
    if errors:
        raise ConfigErrors(errors)


def _cause(error: BaseException, title: str) -> BaseException:
    """The ntgate error that an orchestrator wrapped, that a step of the run ``title`` left, or its container; else itself."""
    from ntgate.zenml.step_error import container_error, error_of

    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, NtgateError):
            return inner
        inner = inner.__cause__ or inner.__context__
    try:
        stated = error_of(client().get_pipeline_run(title))
    except (KeyError, RuntimeError):  # no run was made, or the store does not answer
        stated = None
    return stated or container_error(error) or error


def _finished(run: Any) -> Any:
    """The pipeline run at its end, waited for where the orchestrator does not.

    Raises:
        NtgateError: what a step raised.
    """
    from ntgate.zenml.step_error import error_of

    while not run.status.is_finished:
        time.sleep(5)
        run = client().get_pipeline_run(run.id)
    if run.status.is_successful:
        return run
    raise error_of(run) or NtgateError(
        f"pipeline run {run.name}",
        expected="its steps to succeed",
        got=f"status {run.status}",
        fix="read the log of the step that failed in ZenML",
    )
