"""What an earlier attempt has recorded of a run: all of it, or a part that the registry's absence cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.base import Frozen
from ntgate.registry.client import Registry, quoted

if TYPE_CHECKING:
    from mlflow.entities import Run

KEY, PARENT, STRATEGY, SCHEMA_TAG = "ntgate.run_key", "mlflow.parentRunId", "ntgate.strategy", "ntgate.schema"


class Recorded(Frozen):
    """Where a run was recorded.

    Attributes:
        experiment_id: the experiment.
        run_id: the parent run.
        runs: the child run of each arm.
        models: the logged model of each arm that has one.
    """

    experiment_id: str
    run_id: str
    runs: dict[str, str]
    models: dict[str, str]


def earlier_attempt(registry: Registry, experiment: str, key: str) -> Recorded | None:
    """The run with this key where it was recorded to its end; what was begun and not ended is deleted.

    MLflow keeps deleted runs, and can restore them.
    """
    for parent in _tagged(registry, experiment, KEY, key):
        children = _tagged(registry, experiment, PARENT, parent.info.run_id)
        if parent.info.status == "FINISHED":
            return _whole(registry, experiment, parent, children)
        for run in (*children, parent):
            for model in _models(registry, experiment, run):
                registry.client.delete_logged_model(model)
            registry.client.delete_run(run.info.run_id)
    return None


def _whole(registry: Registry, experiment: str, parent: Run, children: list[Run]) -> Recorded:
    models = {child.data.tags[STRATEGY]: _models(registry, experiment, child) for child in children}
    return Recorded(
        experiment_id=experiment,
        run_id=parent.info.run_id,
        runs={child.data.tags[STRATEGY]: child.info.run_id for child in children},
        models={strategy: kept[0] for strategy, kept in models.items() if kept},
    )


def _tagged(registry: Registry, experiment: str, tag: str, value: str) -> list[Run]:
    return list(registry.client.search_runs([experiment], f"tags.`{tag}` = {quoted(value)}"))


def _models(registry: Registry, experiment: str, run: Run) -> list[str]:
    found = registry.client.search_logged_models([experiment], f"source_run_id = '{run.info.run_id}'")
    return [str(model.model_id) for model in found]
