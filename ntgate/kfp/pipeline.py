"""The stages as one static Kubeflow pipeline, compiled without a cluster."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kfp import dsl, kubernetes
from kfp.compiler import Compiler
from pydantic import TypeAdapter

from ntgate.base import Frozen
from ntgate.graph import Node, graph, imported
from ntgate.kfp.component import component
from ntgate.kfp.parameters import parameters
from ntgate.pods import KubeflowConfig, PodConfig
from ntgate.strategies import DEFAULT, Strategies

Trains = Callable[[Node], bool]


class Cluster(Frozen):
    """Where and on what the pods run.

    Attributes:
        image: has ntgate, kfp and whatever the config imports.
        root: what relative paths of the config are relative to.
        volume: the persistent volume claim mounted at ``root``, with the data that the config names by path; None where it names
            none, or they come in another way. Nothing is written to it.
        secret: the Kubernetes secret with a key for each ``${NAME}`` of the config; None where the pods have them already.
        asks: what the pods ask for. A task that trains and whose pod was killed goes on from its checkpoint where the image sets
            ``NTGATE_CACHE`` to a disk that outlives the pod, and begins again elsewhere.
    """

    image: str
    root: str = "/mnt/ntgate"
    volume: str | None = None
    secret: str | None = None
    asks: KubeflowConfig = KubeflowConfig()


def pipeline(
    content: Mapping[str, Any], cluster: Cluster, stages: str = "ntgate.flow:RETRAIN", *, on_gpu: Trains | None = None
) -> Any:
    """The pipeline with ``content``, the plain mapping of a config, as the default of its argument ``config``.

    Nothing is taken from a cache: a result names files in the folder of the run that made it.

    Args:
        content: the config.
        cluster: where it runs.
        stages: the list of its stages, as ``package.module:NAME``.
        on_gpu: whether a task has a use for a GPU; None: each that trains.
    """
    named = set(re.findall(r"\$\{(\w+)\}", json.dumps(content)))
    strategies = TypeAdapter(Strategies).validate_python(content.get("strategies", DEFAULT))
    nodes = graph(imported(stages), len(strategies))
    components = {node.name: component(node, stages, cluster.image) for node in nodes}
    shown = parameters(content)

    @dsl.pipeline(  # type: ignore[untyped-decorator]
        name="ntgate-retrain", description="Retrain, and promote what is shown to beat training from scratch."
    )
    def retrain(
        config: str = json.dumps(content),
        root: str = cluster.root,
        dry_run: bool = False,
        allow_first: bool = False,
        force: bool = False,
        registry_uri: str = shown["registry_uri"],
        source_path: str = shown["source_path"],
        target_path: str = shown["target_path"],
        target_test_path: str = shown["target_test_path"],
        seed: int = shown["seed"],
        settings: str = "",
    ) -> dsl.Artifact:
        given = {
            "config": config,
            "root": root,
            "dry_run": dry_run,
            "allow_first": allow_first,
            "force": force,
            "registry_uri": registry_uri,
            "source_path": source_path,
            "target_path": target_path,
            "target_test_path": target_test_path,
            "seed": seed,
            "settings": settings,
        }
        made: dict[str, Any] = {}
        for node in nodes:
            needed = {name: made[name] for name in node.inputs}
            task = components[node.name](**needed, **given)
            task.set_display_name(node.name)
            _placed(task, node, cluster, named, gpus=node.stage.trains if on_gpu is None else on_gpu(node))
            made[node.result] = task.output
        return made[nodes[-1].result]

    return retrain


def write_pipeline(content: Mapping[str, Any], cluster: Cluster, to: Path, *, on_gpu: Trains | None = None) -> None:
    """Compile the pipeline to the YAML that Kubeflow Pipelines takes."""
    Compiler().compile(pipeline(content, cluster, on_gpu=on_gpu), str(to))


def _placed(task: Any, node: Node, cluster: Cluster, variables: set[str], *, gpus: bool) -> None:
    """Tell the cluster what the task needs."""
    asks, trains = cluster.asks, node.stage.trains
    task.set_caching_options(enable_caching=False)
    if cluster.volume is not None:
        kubernetes.mount_pvc(task, pvc_name=cluster.volume, mount_path=cluster.root)
    if cluster.secret is not None and variables:
        kubernetes.use_secret_as_env(task, cluster.secret, {name: name for name in sorted(variables)})
    if asks.image_pull_secrets:
        kubernetes.set_image_pull_secrets(task, list(asks.image_pull_secrets))
    _pod(task, asks.pod(trains=trains))
    if not trains:
        return
    # Kubeflow cannot tell a lost pod from an error. Arms report their errors as results, so what ends a training is mostly the
    # former; every other task would only repeat its refusal.
    task.set_retry(asks.retries, backoff_duration="30s")
    if asks.gpus and gpus:
        task.set_accelerator_type(asks.accelerator).set_accelerator_limit(asks.gpus)


def _pod(task: Any, asked: PodConfig) -> None:
    """Requests, limits, nodes and shared memory."""
    for amount, act in ((asked.requests, "request"), (asked.limits, "limit")):
        for what, value in amount.model_dump(exclude_none=True).items():
            getattr(task, f"set_{what}_{act}")(value)
    for label, value in asked.node_selector.items():
        kubernetes.add_node_selector(task, label, value)
    for one in asked.tolerations:
        kubernetes.add_toleration(
            task, key=one.key, operator=one.operator, value=one.value, effect=one.effect, toleration_seconds=one.seconds
        )
    if asked.shared_memory is not None:
        kubernetes.empty_dir_mount(task, "shared-memory", "/dev/shm", medium="Memory", size_limit=asked.shared_memory)  # noqa: S108
