"""A ZenML stack by what it should be: what is missing is made, what is there is left alone."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from zenml.client import Client
from zenml.enums import StackComponentType, StoreType
from zenml.utils import source_utils

import ntgate
from ntgate.errors import ConfigError
from ntgate.extras import install

FLAVOR = "ntgate.zenml.flavor.NtgateDataValidatorFlavor"

# By flavor, what Python must be able to import for the component to work, and where it comes from.
_NEEDED = {
    "kubernetes": ("kubernetes", install("kubeflow")),
    "kubeflow": ("kfp", install("kubeflow")),
    "s3": ("s3fs", install("s3")),
    "gcp": ("gcsfs", "pip install gcsfs"),
    "azure": ("adlfs", "pip install adlfs"),
}
_STORES = {"s3": "s3", "gs": "gcp", "az": "azure", "abfs": "azure"}


class Component(NamedTuple):
    """One component of a stack: kind, flavor, and the settings that matter."""

    kind: StackComponentType
    flavor: str
    settings: dict[str, Any]


class Change(NamedTuple):
    """What became of one part of the stack.

    Attributes:
        part: ``flavor``, a kind of component, ``stack`` or ``active``.
        name: its name.
        outcome: ``differs`` where it stands there otherwise and was left alone.
        fields: what differs: by setting, what stands there and what was asked for.
    """

    part: str
    name: str
    outcome: Literal["created", "unchanged", "updated", "differs"]
    fields: dict[str, tuple[Any, Any]] = {}


def local(artifact_store: str | None = None) -> list[Component]:
    """The stack of one machine."""
    return [
        Component(StackComponentType.ORCHESTRATOR, "local", {}),
        _artifact_store(artifact_store),
        Component(StackComponentType.DATA_VALIDATOR, "ntgate", {}),
    ]


def cluster(flavor: str, context: str, artifact_store: str | None, registry: str | None) -> list[Component]:
    """The stack of a cluster.

    Args:
        flavor: ``kubernetes`` or ``kubeflow``.
        context: of the kubeconfig.
        artifact_store: address that pods and this machine reach.
        registry: container registry that the cluster pulls images from.

    Raises:
        ConfigError: when something is missing that no cluster does without.
    """
    if artifact_store is None or "://" not in artifact_store:
        raise ConfigError(
            "--artifact-store",
            expected="an address that the pods reach too, such as s3://BUCKET/PATH",
            got="nothing" if artifact_store is None else repr(artifact_store),
            fix="give one",
        )
    if registry is None:
        raise ConfigError(
            "--container-registry",
            expected="where the cluster pulls images from",
            got="nothing",
            fix="give one, such as registry.example.com/ml",
        )
    return [
        Component(StackComponentType.ORCHESTRATOR, flavor, {"kubernetes_context": context}),
        _artifact_store(artifact_store),
        Component(StackComponentType.CONTAINER_REGISTRY, "default", {"uri": registry}),
        Component(StackComponentType.IMAGE_BUILDER, "local", {}),
        Component(StackComponentType.DATA_VALIDATOR, "ntgate", {}),
    ]


def with_options(components: Iterable[Component], options: Mapping[str, Any]) -> list[Component]:
    """The components with further settings, ``{"orchestrator.kubernetes_namespace": "ml"}``.

    Raises:
        ConfigError: when the stack has no such component.
    """
    found = {component.kind.value: component for component in components}
    for key, value in options.items():
        kind, _, setting = key.partition(".")
        if kind not in found or not setting:
            raise ConfigError(
                f"--option {key}", expected=f"{', '.join(found)}, a dot and a setting", got=repr(key), fix="correct it"
            )
        found[kind] = found[kind]._replace(settings={**found[kind].settings, setting: value})
    return list(found.values())


def check(components: Iterable[Component]) -> None:
    """See that what the components need can be imported here.

    Raises:
        ConfigError: naming the first that cannot.
    """
    for component in components:
        module, fix = _NEEDED.get(component.flavor, ("zenml", ""))
        if importlib.util.find_spec(module) is None:
            raise ConfigError(
                f"{component.kind.value} {component.flavor}", expected=f"the Python package {module}", got="none", fix=fix
            )


def register(name: str, components: Iterable[Component], *, update: bool) -> list[Change]:
    """Make the stack ``name`` of components of the same name, and activate it.

    Args:
        name: of the stack and of each of its components.
        components: what it is made of.
        update: change what stands there otherwise; else it is only told.

    Raises:
        ConfigError: when ZenML refuses a setting, or a component of another flavor has the name.
    """
    # ZenML names a source from the folder of the main module, and that is this package when `python -m ntgate` is running.
    source_utils.set_custom_source_root(str(Path(ntgate.__file__).parents[1]))
    client = Client()
    changes = [_flavor(client)]
    changes += [_component(client, name, component, update) for component in components]
    changes.append(_stack(client, name, [component.kind for component in components], update))
    if client.active_stack_model.name == name:
        return [*changes, Change("active", name, "unchanged")]
    client.activate_stack(name)
    return [*changes, Change("active", name, "updated")]


def unreachable(components: Iterable[Component]) -> bool:
    """Whether pods would look for ZenML's database in vain, because it is a file of this machine."""
    remote = any(component.flavor in {"kubernetes", "kubeflow"} for component in components)
    return remote and Client().zen_store.type == StoreType.SQL


def _artifact_store(address: str | None) -> Component:
    if address is None:
        return Component(StackComponentType.ARTIFACT_STORE, "local", {})
    scheme = address.partition("://")[0] if "://" in address else ""
    flavor = _STORES.get(scheme, "local" if scheme == "" else None)
    if flavor is None:
        raise ConfigError(
            "--artifact-store", expected=f"a folder, or an address with {', '.join(_STORES)}", got=repr(address), fix="give one"
        )
    return Component(StackComponentType.ARTIFACT_STORE, flavor, {"path": address})


def _flavor(client: Client) -> Change:
    kind = StackComponentType.DATA_VALIDATOR
    if client.list_flavors(name="ntgate", type=kind).items:
        return Change("flavor", "ntgate", "unchanged")
    client.create_flavor(source=FLAVOR, component_type=kind)
    return Change("flavor", "ntgate", "created")


def _component(client: Client, name: str, wanted: Component, update: bool) -> Change:
    part = wanted.kind.value
    found = client.list_stack_components(name=name, type=wanted.kind, hydrate=True).items
    if not found:
        _accepted(part, client.create_stack_component, name, wanted.flavor, wanted.kind, wanted.settings)
        return Change(part, name, "created")
    standing = found[0]
    if standing.flavor_name != wanted.flavor:
        if update:
            raise ConfigError(
                f"{part} {name}",
                expected=f"the flavor {wanted.flavor}",
                got=standing.flavor_name,
                fix="a flavor cannot be changed: choose another --name",
            )
        return Change(part, name, "differs", {"flavor": (standing.flavor_name, wanted.flavor)})
    fields = {
        key: (_shown(key, standing.configuration.get(key)), _shown(key, value))
        for key, value in wanted.settings.items()
        if standing.configuration.get(key) != value
    }
    if not fields:
        return Change(part, name, "unchanged")
    if not update:
        return Change(part, name, "differs", fields)
    changed = {key: wanted.settings[key] for key in fields}
    _accepted(part, client.update_stack_component, standing.id, wanted.kind, None, changed)
    return Change(part, name, "updated", fields)


def _stack(client: Client, name: str, kinds: list[StackComponentType], update: bool) -> Change:
    found = client.list_stacks(name=name, hydrate=True).items
    if not found:
        client.create_stack(name, dict.fromkeys(kinds, name))
        return Change("stack", name, "created")
    standing = {kind: components[0].name for kind, components in found[0].components.items()}
    fields = {kind.value: (standing.get(kind), name) for kind in kinds if standing.get(kind) != name}
    if not fields:
        return Change("stack", name, "unchanged")
    if not update:
        return Change("stack", name, "differs", fields)
    client.update_stack(found[0].id, component_updates={kind: name for kind in kinds if kind.value in fields})
    return Change("stack", name, "updated", fields)


def _accepted(part: str, make: Any, *arguments: Any) -> None:
    """Call ZenML, whose refusal of a setting becomes one sentence."""
    try:
        make(*arguments)
    except (ValueError, TypeError, RuntimeError) as error:
        got = " ".join(str(error).split())[:300]
        raise ConfigError(part, expected="settings that ZenML takes", got=got, fix="correct --option") from error


def _shown(key: str, value: Any) -> Any:
    """A value for people, unless it may be a credential."""
    return "***" if value is not None and re.search(r"password|secret|token|key", key, re.IGNORECASE) else value
