"""The stages as one static Kubeflow pipeline, compiled without a cluster."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kfp import dsl, kubernetes
from kfp.compiler import Compiler
from pydantic import TypeAdapter

from ntgate.base import Frozen
from ntgate.graph import Stage, graph, imported
from ntgate.kfp.component import component
from ntgate.strategies import DEFAULT, Strategies


class Cluster(Frozen):
    """Where and on what the pods run.

    Attributes:
        image: has ntgate, kfp and whatever the config imports.
        root: what relative paths of the config are relative to.
        volume: the persistent volume claim mounted at ``root``, with the data that the config names by path; None where it names
            none, or they come in another way. Nothing is written to it.
        secret: the Kubernetes secret with a key for each ``${NAME}`` of the config; None where the pods have them already.
        gpus: GPUs of a task that trains.
        accelerator: the resource that a GPU is requested as.
        retries: further attempts of a task that trains. One whose pod was killed goes on from its checkpoint where the image sets
            ``NTGATE_CACHE`` to a disk that outlives the pod, and begins again elsewhere.
    """

    image: str
    root: str = "/mnt/ntgate"
    volume: str | None = None
    secret: str | None = None
    gpus: int = 1
    accelerator: str = "nvidia.com/gpu"
    retries: int = 2


def pipeline(content: Mapping[str, Any], cluster: Cluster, stages: str = "ntgate.flow:RETRAIN") -> Any:
    """The pipeline with ``content``, the plain mapping of a config, as the default of its argument ``config``.

    Nothing is taken from a cache: a result names files in the folder of the run that made it.
    """
    named = set(re.findall(r"\$\{(\w+)\}", json.dumps(content)))
    strategies = TypeAdapter(Strategies).validate_python(content.get("strategies", DEFAULT))
    nodes = graph(imported(stages), len(strategies))
    components = {node.name: component(node, stages, cluster.image) for node in nodes}

    @dsl.pipeline(  # type: ignore[untyped-decorator]
        name="ntgate-retrain", description="Retrain, and promote what is shown to beat training from scratch."
    )
    def retrain(
        config: str = json.dumps(content),
        root: str = cluster.root,
        dry_run: bool = False,
        allow_first: bool = False,
        force: bool = False,
    ) -> dsl.Artifact:
        made: dict[str, Any] = {}
        for node in nodes:
            needed = {name: made[name] for name in node.inputs}
            task = components[node.name](**needed, config=config, root=root, dry_run=dry_run, allow_first=allow_first, force=force)
            task.set_display_name(node.name)
            _placed(task, node.stage, cluster, named)
            made[node.result] = task.output
        return made[nodes[-1].result]

    return retrain


def write_pipeline(content: Mapping[str, Any], cluster: Cluster, to: Path) -> None:
    """Compile the pipeline to the YAML that Kubeflow Pipelines takes."""
    Compiler().compile(pipeline(content, cluster), str(to))


def _placed(task: Any, stage: Stage, cluster: Cluster, variables: set[str]) -> None:
    """Tell the cluster what the task needs."""
    task.set_caching_options(enable_caching=False)
    if cluster.volume is not None:
        kubernetes.mount_pvc(task, pvc_name=cluster.volume, mount_path=cluster.root)
    if cluster.secret is not None and variables:
        kubernetes.use_secret_as_env(task, cluster.secret, {name: name for name in sorted(variables)})
    if not stage.trains:
        return
    # Kubeflow cannot tell a lost pod from an error. Arms report their errors as results, so what ends a training is mostly the
    # former; every other task would only repeat its refusal.
    task.set_retry(cluster.retries, backoff_duration="30s")
    if cluster.gpus:
        task.set_accelerator_type(cluster.accelerator).set_accelerator_limit(cluster.gpus)
