"""One stage of a graph as a ZenML step, and a whole graph as the steps of a pipeline."""

import time
from typing import Annotated, Any

from zenml import log_metadata, step
from zenml.config import ResourceSettings

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.errors import NtgateError
from ntgate.graph import Context, Flags, Node, graph, imported
from ntgate.networks_trained import trains_networks
from ntgate.stages.place import Place
from ntgate.stages.registry_retries import registry_retries
from ntgate.stages.result import RunResult
from ntgate.stages.retraining import Retraining
from ntgate.transport import through
from ntgate.zenml import materializer  # noqa: F401  registers how a result is kept
from ntgate.zenml.model_control import show_run, show_versions
from ntgate.zenml.progress import StepLines
from ntgate.zenml.run_marks import mark_run
from ntgate.zenml.stack_files import stored
from ntgate.zenml.step_error import KEY, stated
from ntgate.zenml.step_facts import facts

OUTPUT = "result"


@step(enable_cache=False)  # type: ignore[untyped-decorator]
def run_stage(config: RunConfig, stages: str, name: str, flags: Flags, given: list[Any]) -> Annotated[Frozen, OUTPUT]:
    """Do the task ``name`` of the list of stages at ``stages``, with the results that it asked for in the order of its inputs."""
    config, files = stored(config)
    node = _node(stages, config, name)
    results = dict(zip(node.inputs, given, strict=True))
    place, began, lines = Place.of(config, results, name), time.perf_counter(), StepLines()
    if not node.stage.title:
        lines.stage(name.replace("_", " "))
    if not node.inputs:  # the first of all pipelines
        show_run(config, lines.note)
    try:
        with through(files), place.working():
            result = registry_retries(node.run)(Context(config, place, flags, lines), results)
    except NtgateError as error:
        log_metadata({KEY: stated(error)})
        raise
    told = facts(result)
    log_metadata({**told, "seconds": round(time.perf_counter() - began, 1)})
    lines.note(f"{name}: {told.get('outcome', 'done')}")
    judged = result.result if isinstance(result, Retraining) else result
    if isinstance(judged, RunResult):
        mark_run(config, judged)
        show_versions(config, judged, lines.note)
    return result


def steps(stages: str, config: RunConfig, gpus: int, flags: Flags) -> dict[str, Any]:
    """Add the tasks of the list of stages at ``stages`` to the pipeline that calls this; what each leaves, by the result's name.

    Args:
        stages: where the list is found again in each step's process, as ``package.module:NAME``.
        config: the run.
        gpus: of each step that trains networks, on an orchestrator that has any.
        flags: what else is asked of it.
    """
    made: dict[str, Any] = {}
    for node in graph(imported(stages), len(config.strategies)):
        placed = run_stage
        if gpus and trains_networks(node, config):
            placed = run_stage.with_options(settings={"resources": ResourceSettings(gpu_count=gpus)})
        made[node.result] = placed(
            config=config, stages=stages, name=node.name, flags=flags, given=[made[name] for name in node.inputs], id=node.name
        )
    return made


def _node(stages: str, config: RunConfig, name: str) -> Node:
    return next(node for node in graph(imported(stages), len(config.strategies)) if node.name == name)
