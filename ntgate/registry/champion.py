"""The champion: the version that carries the alias, or where none does the one in MLflow's stage Production."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ntgate.base import Frozen
from ntgate.errors import ModelError
from ntgate.registry.artifact_store import store_at
from ntgate.registry.client import Registry, translated

ALIAS = "champion"
MODEL_FILE = "model.onnx"
STAGE = "Production"  # what took the place of an alias in registries of before
_STORE = "start the store, or correct the rights on it: the champion's files lie there"
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
    """The current champion, or None when no version carries the alias or is in production.

    Raises:
        RegistryError: when the registry does not answer: that is not the same as having no champion.
    """
    from mlflow.exceptions import MlflowException

    with translated(registry.config):
        try:
            model = registry.client.get_registered_model(registry.name)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
        version = crowned(model)
        return None if version is None else _as_kept(registry, version)


def version_of(registry: Registry, version: str) -> Champion:
    """A version as if it were the champion.

    Raises:
        RegistryError: when there is no such version, or the registry does not answer.
    """
    with translated(registry.config, fix=f"name a version that `ntgate status {registry.name}` lists"):
        return _as_kept(registry, version)


def _as_kept(registry: Registry, version: str) -> Champion:
    found = registry.client.get_model_version(registry.name, version)
    previous = found.tags.get(PREVIOUS)
    return Champion(
        version=str(found.version),
        run_id=found.run_id or None,
        decision_id=found.tags.get(DECISION),
        source=found.source,
        state=found.tags.get(STATE),
        previous=None if previous in (None, "none") else previous,
    )


def crowned(model: Any) -> str | None:
    """The version of MLflow's registered ``model`` that is the champion."""
    alias = (model.aliases or {}).get(ALIAS)
    if alias is not None:
        return str(alias)
    staged = [str(version.version) for version in model.latest_versions or () if version.current_stage == STAGE]
    return staged[0] if staged else None


def fetch(registry: Registry, found: Champion, folder: Path) -> Path:
    """Download the champion's exported model into ``folder``.

    Raises:
        ModelError: when the version holds no ONNX model.
        RegistryError: when the registry does not answer.
    """
    from mlflow import artifacts

    folder.mkdir(parents=True, exist_ok=True)
    uri, place = registry.config.uri, _place(registry, found)
    with store_at(registry.config, place, _STORE):
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


def fetch_whole(registry: Registry, found: Champion, folder: Path) -> Path:
    """Download all of the champion's files into ``folder``, whatever model they make.

    Raises:
        ModelError: when there are none that make a model.
        RegistryError: when the registry does not answer.
    """
    from mlflow import artifacts

    folder.mkdir(parents=True, exist_ok=True)
    place = _place(registry, found)
    with store_at(registry.config, place, _STORE):
        path = Path(artifacts.download_artifacts(artifact_uri=place, dst_path=str(folder), tracking_uri=registry.config.uri))
    if not (path / "MLmodel").is_file():
        raise ModelError(
            f"champion version {found.version}",
            expected="a model as MLflow keeps it, with a file MLmodel",
            got=", ".join(sorted(file.name for file in path.iterdir())[:5]) or "no files",
            fix="register it with MLflow's log_model",
        )
    return path


def _place(registry: Registry, found: Champion) -> str:
    """Where the champion's files lie."""
    with translated(registry.config):
        place = str(registry.client.get_model_version_download_uri(registry.name, found.version))
        if place.startswith("models:/"):
            place = str(registry.client.get_logged_model(place.removeprefix("models:/")).artifact_location)
    return place
