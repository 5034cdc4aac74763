"""A new version of a registered model, of an arm's logged model."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ntgate.registry.champion import ALIAS
from ntgate.registry.client import Registry, named, quoted


def create_version(registry: Registry, run_id: str, model_id: str, description: str, tags: Mapping[str, str]) -> str:
    """Create a version, and the registered model where there is none yet; return the version."""
    from mlflow.exceptions import MlflowException

    client, name = registry.client, registry.name
    try:
        client.create_registered_model(
            name, description=f"The alias `{ALIAS}` moves only to a version that beats training from scratch."
        )
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    # Not "models:/ID": a database store would look that up at the process-wide tracking URI, not at ours.
    source = client.get_logged_model(model_id).artifact_location
    created = client.create_model_version(
        name, source=source, run_id=run_id, model_id=model_id, tags=dict(tags), description=description
    )
    if not registry.config.uri.startswith("http"):  # a server does this by itself: the model's page names the version
        mentioned = json.dumps([{"name": name, "version": str(created.version)}])
        client.set_logged_model_tags(model_id, {"mlflow.modelVersions": mentioned})
    return str(created.version)


def tagged(registry: Registry, tags: Mapping[str, str]) -> list[str]:
    """The versions that have all these ``tags``, the oldest first."""
    wanted = [named(registry.name), *(f"tags.`{tag}` = {quoted(value)}" for tag, value in tags.items())]
    found = registry.client.search_model_versions(" and ".join(wanted))
    return [str(version) for version in sorted(int(known.version) for known in found)]


def only_oldest(registry: Registry, versions: list[str]) -> str:
    """The oldest of equal versions, alone: MLflow sends a request again when its answer was lost."""
    for repeated in versions[1:]:
        registry.client.delete_model_version(registry.name, repeated)
    return versions[0]
