"""The champion: the version that carries the alias."""

from __future__ import annotations

from pathlib import Path

from ntgate.base import Frozen
from ntgate.errors import ModelError
from ntgate.registry.artifact_store import store_at
from ntgate.registry.client import Registry, translated

ALIAS = "champion"
MODEL_FILE = "model.onnx"
DECISION, STATE, PREVIOUS = "ntgate.decision_id", "ntgate.state", "ntgate.previous_champion"


class Champion(Frozen):
    """The current champion.

    Attributes:
        version: its version number.
        run_id: the MLflow run that made it.
        decision_id: the decision that promoted it; None for a version promoted by other means.
        source: where its files lie.
        state: how far its promotion came; None for a version promoted by other means.
        previous: the champion before it; None when there was none, or none is known.
    """

    version: str
    run_id: str | None
    decision_id: str | None
    source: str
    state: str | None = None
    previous: str | None = None


def champion(registry: Registry) -> Champion | None:
    """The current champion, or None when no version carries the alias.

    Raises:
        RegistryError: when the registry does not answer: that is not the same as having no champion.
    """
    from mlflow.exceptions import MlflowException

    with translated(registry.config):
        try:
            aliases = registry.client.get_registered_model(registry.name).aliases
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        if ALIAS not in aliases:
            return None
        found = registry.client.get_model_version(registry.name, str(aliases[ALIAS]))
    previous = found.tags.get(PREVIOUS)
    return Champion(
        version=str(found.version),
        run_id=found.run_id or None,
        decision_id=found.tags.get(DECISION),
        source=found.source,
        state=found.tags.get(STATE),
        previous=None if previous in (None, "none") else previous,
    )


def fetch(registry: Registry, found: Champion, folder: Path) -> Path:
    """Download the champion's exported model into ``folder``.

    Raises:
        ModelError: when the version holds no ONNX model.
        RegistryError: when the registry does not answer.
    """
    from mlflow import artifacts

    folder.mkdir(parents=True, exist_ok=True)
    uri = registry.config.uri
    with translated(registry.config):
        place = registry.client.get_model_version_download_uri(registry.name, found.version)
        if place.startswith("models:/"):
            place = registry.client.get_logged_model(place.removeprefix("models:/")).artifact_location
    fix = "start the store, or correct the rights on it: the champion's files lie there"
    with store_at(registry.config, place, fix):
        listed = artifacts.list_artifacts(artifact_uri=place, tracking_uri=uri)
        held = [file.path.rsplit("/", 1)[-1] for file in listed]
        if MODEL_FILE not in held:
            raise ModelError(
                f"champion version {found.version}",
                expected=f"an ONNX model, {MODEL_FILE}",
                got=", ".join(sorted(held)[:5]) or "no files",
                fix="promote a model that ntgate exported",
            )
        path = artifacts.download_artifacts(
            artifact_uri=f"{place.rstrip('/')}/{MODEL_FILE}", dst_path=str(folder), tracking_uri=uri
        )
    return Path(path)
