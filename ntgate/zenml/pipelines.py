"""What a project's pipelines are made of: the steps of a run, of a drift check, and of one after the other.

A pipeline calls one of these, and its own steps before and after.
"""

from typing import Any

from ntgate.config import RunConfig
from ntgate.graph import Flags
from ntgate.zenml.run_stage import steps


def retraining(config: RunConfig, *, stages: str = "ntgate.flow:RETRAIN", gpus: int = 1, **flags: bool) -> Any:
    """The steps of a run; the last leaves its :class:`~ntgate.stages.result.RunResult`.

    Args:
        config: the run.
        stages: where the list of its stages is found, as ``package.module:NAME``.
        gpus: of each step that trains networks, on an orchestrator that has any.
        flags: ``dry_run``, ``allow_first`` and ``force``, as of :func:`ntgate.flow.run`.
    """
    return steps(stages, config, gpus, Flags.model_validate(flags))["result"]


def drift_checking(config: RunConfig, *, stages: str = "ntgate.flow:DRIFT_CHECK", gpus: int = 0) -> Any:
    """The steps of a drift check; the last leaves its :class:`~ntgate.stages.drift_check.DriftCheck`."""
    return steps(stages, config, gpus, Flags())["checked"]


def drift_then_retraining(config: RunConfig, dry_run: bool = False, *, gpus: int = 1) -> Any:
    """The steps of a drift check, and one that does the whole run where the check finds a shift.

    A static DAG cannot leave out steps. The run is therefore one step, which ends at once without a shift: of the nights without
    one, a cluster sees one short pod with a GPU instead of ten. Where the arms must train beside each other, let the scheduler
    choose: ``ntgate drift CONFIG --zenml; test $? -eq 3 && ntgate run CONFIG``.
    """
    return steps("ntgate.flow:DRIFT_THEN_RETRAIN", config, gpus, Flags(dry_run=dry_run))["retraining"]
