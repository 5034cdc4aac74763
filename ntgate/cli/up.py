"""``ntgate up``: a ZenML stack to run on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ntgate.cli import console
from ntgate.cli.options import with_json
from ntgate.errors import ConfigError

if TYPE_CHECKING:
    from ntgate.zenml.stack import Change, Component


@click.command(short_help="Register a ZenML stack.")
@click.option("--name", default="ntgate", show_default=True, help="Of the stack and of its components.")
@click.option("--kubernetes", metavar="CONTEXT", help="Orchestrate on Kubernetes, by this context of the kubeconfig.")
@click.option("--kubeflow", metavar="CONTEXT", help="Orchestrate on Kubeflow Pipelines, by this context.")
@click.option("--artifact-store", metavar="PLACE", help="A folder, s3://BUCKET/PATH, gs:// or az://; else ZenML's own folder.")
@click.option("--container-registry", metavar="ADDRESS", help="Where the cluster pulls images from.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="COMPONENT.KEY=VALUE",
    help="Further setting of a component, e.g. orchestrator.kubernetes_namespace=ml.",
)
@click.option("--update", is_flag=True, help="Change components that stand there with other settings.")
@with_json
def up(
    name: str,
    kubernetes: str | None,
    kubeflow: str | None,
    artifact_store: str | None,
    container_registry: str | None,
    options: tuple[str, ...],
    update: bool,
    as_json: bool,
) -> int:
    """Register a ZenML stack and activate it: this machine's, or a cluster's. A second time it changes nothing and says so.

    The stack has ntgate's data validator. What stands there under the same name with other settings is shown, not changed (exit
    3), unless --update is given. Images and GPUs are settings of the pipelines, not of the stack.
    """
    from ntgate.cli.store import client, locked, quiet

    quiet()
    given = _options(options)
    from ntgate.zenml import stack

    components = _components(kubernetes, kubeflow, artifact_store, container_registry)
    components = stack.with_options(components, given)
    stack.check(components)
    client()
    with locked():
        changes = stack.register(name, components, update=update)
    differing = any(change.outcome == "differs" for change in changes)
    note = "pods cannot reach ZenML's database on this machine; connect to a server: zenml login URL, then again"
    notes = [note] if stack.unreachable(components) else []
    if as_json:
        told = [{**change._asdict(), "fields": _fields(change)} for change in changes]
        console.answer({"schema": 1, "stack": name, "changes": told, "notes": notes})
    else:
        console.answer("\n".join([*map(_line, changes), *notes]))
        if all(change.outcome == "unchanged" for change in changes):
            console.answer(f"stack {name} is up; nothing changed")
    return 3 if differing else 0


def _components(
    kubernetes: str | None, kubeflow: str | None, artifact_store: str | None, container_registry: str | None
) -> list[Component]:
    from ntgate.zenml.stack import cluster, local

    if kubernetes is not None and kubeflow is not None:
        raise ConfigError("--kubeflow", expected="one orchestrator", got="--kubernetes too", fix="leave one out")
    if kubernetes is not None:
        return cluster("kubernetes", kubernetes, artifact_store, container_registry)
    if kubeflow is not None:
        return cluster("kubeflow", kubeflow, artifact_store, container_registry)
    if container_registry is not None:
        raise ConfigError(
            "--container-registry",
            expected="a cluster to pull from it",
            got="neither --kubernetes nor --kubeflow",
            fix="name a cluster, or leave it out",
        )
    return local(artifact_store)


def _options(options: tuple[str, ...]) -> dict[str, Any]:
    import yaml

    found = {}
    for option in options:
        key, sign, value = option.partition("=")
        if not sign or "." not in key:
            raise ConfigError(
                f"--option {option.partition('=')[0]}",
                expected="COMPONENT.KEY=VALUE",
                got=repr(key),
                fix="write e.g. --option orchestrator.kubernetes_namespace=ml",
            )
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--option {key}", expected="a YAML value", got=value, fix="quote it") from error
    return found


def _fields(change: Change) -> dict[str, dict[str, Any]]:
    return {key: {"is": standing, "asked": asked} for key, (standing, asked) in change.fields.items()}


def _line(change: Change) -> str:
    told = "".join(f"\n    {key}: is {standing!r}, asked for {asked!r}" for key, (standing, asked) in change.fields.items())
    return f"  {change.outcome:<9}  {change.part} {change.name}{told}"
