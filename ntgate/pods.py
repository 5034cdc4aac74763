"""What the pods of a compiled Kubeflow pipeline ask a cluster for."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from ntgate.base import NUMBER, Frozen, Whole

Cpu: TypeAlias = Annotated[str, Field(pattern=r"^([0-9]+(\.[0-9]+)?|[0-9]+m)$")]
Memory: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(E|Ei|P|Pi|T|Ti|G|Gi|M|Mi|K|Ki)?$")]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=253)]


class Amount(Frozen):
    """An amount of a machine.

    Attributes:
        cpu: cores, such as ``"2"`` or ``500m``; None: nothing is said.
        memory: such as ``8Gi``; None: nothing is said.
    """

    cpu: Cpu | None = None
    memory: Memory | None = None


class Toleration(Frozen):
    """A taint of nodes that a pod puts up with.

    Attributes:
        key: of the taint; None, with ``Exists``: every taint.
        operator: ``Equal``: its value is this one; ``Exists``: whatever it is.
        value: with ``Equal``.
        effect: what the taint does; None: all of that.
        seconds: after which a pod goes all the same, with ``NoExecute``; None: never.
    """

    key: Name | None = None
    operator: Literal["Equal", "Exists"] = "Equal"
    value: str | None = None
    effect: Literal["NoExecute", "NoSchedule", "PreferNoSchedule"] | None = None
    seconds: Annotated[int, Field(ge=0, le=31_536_000), NUMBER] | None = None


class PodConfig(Frozen):
    """The pod of a task.

    Attributes:
        requests: what a node must have free.
        limits: what a pod may not exceed.
        node_selector: labels that a node must have.
        tolerations: taints that it may have.
        shared_memory: size of ``/dev/shm``, such as ``2Gi``; it counts as memory. None: what the cluster gives, mostly 64 MB.
    """

    requests: Amount = Amount()
    limits: Amount = Amount()
    node_selector: dict[Name, str] = {}
    tolerations: tuple[Toleration, ...] = Field((), max_length=50)
    shared_memory: Memory | None = None


class KubeflowConfig(Frozen):
    """What ``ntgate kfp compile`` writes into the pipeline; nothing else reads it, and no decision depends on it.

    Attributes:
        pods: of every task.
        training: of a task that trains, in the place of what ``pods`` says; what is left out here is as there.
        gpus: of a task that trains networks; ``--gpus`` says otherwise.
        accelerator: the resource that a GPU is requested as.
        image_pull_secrets: names of the secrets with which the image is pulled.
        retries: further attempts of a task that trains.
    """

    pods: PodConfig = PodConfig()
    training: PodConfig = PodConfig()
    gpus: Whole = Field(1, ge=0, le=64)
    accelerator: Name = "nvidia.com/gpu"
    image_pull_secrets: tuple[Name, ...] = Field((), max_length=20)
    retries: Whole = Field(2, ge=0, le=20)

    def pod(self, *, trains: bool) -> PodConfig:
        """The pod of a task.

        >>> asked = KubeflowConfig(pods=PodConfig(node_selector={"pool": "cpu"}), training=PodConfig(shared_memory="2Gi"))
        >>> asked.pod(trains=True).node_selector, asked.pod(trains=False).shared_memory
        ({'pool': 'cpu'}, None)
        """
        if not trains:
            return self.pods
        own = self.training
        amounts = {
            name: getattr(self.pods, name).model_copy(update=getattr(own, name).model_dump(exclude_none=True))
            for name in ("requests", "limits")
        }
        said = own.model_fields_set & {"node_selector", "tolerations", "shared_memory"}
        return self.pods.model_copy(update={**amounts, **{name: getattr(own, name) for name in said}})
