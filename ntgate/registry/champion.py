"""The champion: the version that carries the alias."""

from __future__ import annotations

from pathlib import Path

from ntgate.base import Frozen
from ntgate.errors import ModelError
from ntgate.registry.client import Registry, translated

ALIAS = "champion"
MODEL_FILE = "model.onnx"


class Champion(Frozen):
    """The current champion.

    Attributes:
        version: its version number.
        run_id: the MLflow run that made it.
        decision_id: the decision that promoted it; None for a version promoted by other means.
        source: where its files lie.
    """

    version: str
    run_id: str | None
    decision_id: str | None
    source: str


def champion(registry: Registry) -> Champion | None:
    """The current champion, or None when no version carries the alias.

    Raises:
        RegistryError: when the registry does not answer: that is not the same as having no champion.
    """
    from mlflow.exceptions import MlflowException

    with translated(registry.config):
        try:
            found = registry.client.get_model_version_by_alias(registry.name, ALIAS)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise
    return Champion(
        version=str(found.version),
        run_id=found.run_id or None,
        decision_id=found.tags.get("ntgate.decision_id"),
        source=found.source,
    )


def fetch(registry: Registry, found: Champion, folder: Path) -> Path:
    """Download the champion's exported model into ``folder``.

    Raises:
        ModelError: when the version holds no ONNX model.
        RegistryError: when the registry does not answer.
    """
    from mlflow import artifacts
    from mlflow.exceptions import MlflowException

    folder.mkdir(parents=True, exist_ok=True)
    with translated(registry.config):
        place = registry.client.get_model_version_download_uri(registry.name, found.version)
        if place.startswith("models:/"):
            place = registry.client.get_logged_model(place.removeprefix("models:/")).artifact_location
        try:
            path = artifacts.download_artifacts(
                artifact_uri=f"{place.rstrip('/')}/{MODEL_FILE}", dst_path=str(folder), tracking_uri=registry.config.uri
            )
        except (MlflowException, OSError) as error:
            raise ModelError(
                f"champion version {found.version}", expected=f"an ONNX model, {MODEL_FILE}",
                got=str(error).splitlines()[0][:200], fix="promote models that ntgate exported",
            ) from error  # fmt: skip
    return Path(path)
