"""A connection to the registry that answers, or says soon that it does not."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.errors import RegistryError
from ntgate.registry.config import RegistryConfig

if TYPE_CHECKING:
    from mlflow import MlflowClient

# MLflow's defaults keep a caller of a dead server waiting for four minutes.
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
}


@dataclass(frozen=True)
class Registry:
    """One registered model in one MLflow registry.

    Attributes:
        client: bound to the registry's address.
        config: how it was reached.
        name: the registered model.
    """

    client: MlflowClient
    config: RegistryConfig
    name: str

    @property
    def experiment_name(self) -> str:
        """Where the runs of this model are recorded."""
        return self.config.experiment or self.name

    def experiment(self) -> str:
        """The id of the experiment, which is created when it is missing."""
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(self.experiment_name)
        if found is not None:
            return str(found.experiment_id)
        try:
            return str(self.client.create_experiment(self.experiment_name, artifact_location=self._artifact_location()))
        except MlflowException:
            found = self.client.get_experiment_by_name(self.experiment_name)  # another process was faster
            if found is None:
                raise
            return str(found.experiment_id)

    def _artifact_location(self) -> str | None:
        if self.config.artifact_location is not None:
            return self.config.artifact_location
        file = sqlite_file(self.config)
        # MLflow would write to ./mlruns, wherever the process happens to stand.
        return (
            None if file is None else (file.parent / "mlartifacts" / re.sub(r"\W+", "-", self.experiment_name)).as_uri()
        )


def connect(config: RegistryConfig, name: str) -> Registry:
    """Connect to the registry and make sure that it answers.

    Raises:
        RegistryError: when it does not.
    """
    for variable, value in _PATIENCE.items():
        os.environ.setdefault(variable, value)
    file = sqlite_file(config)
    if file is not None and not file.parent.is_dir():
        raise RegistryError(
            "registry.uri",
            expected=f"an existing folder for {file.name}",
            got=f"no folder {file.parent}",
            fix="create it",
        )
    with translated(config):
        # The first connection to a new SQLite file runs MLflow's migrations, with a log line for each.
        for noisy in ("alembic", "mlflow.store.db.utils", "mlflow.utils.requirements_utils", "mlflow.tracking"):
            logging.getLogger(noisy).setLevel(logging.ERROR)
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=config.uri, registry_uri=config.uri)
        client.search_experiments(max_results=1)
    return Registry(client, config, name)


def exists(config: RegistryConfig) -> bool:
    """Whether asking the registry leaves everything as it was: a SQLite file would be created by being asked."""
    file = sqlite_file(config)
    return file is None or file.is_file()


def sqlite_file(config: RegistryConfig) -> Path | None:
    """The file behind a SQLite registry; None for a server."""
    match = re.fullmatch(r"sqlite:///(.+)", config.uri)
    return Path(match[1]).absolute() if match else None


@contextmanager
def translated(config: RegistryConfig) -> Iterator[None]:
    """Turn what MLflow and its database raise into one :class:`RegistryError`, without credentials."""
    import requests
    import sqlalchemy.exc
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, sqlalchemy.exc.SQLAlchemyError, requests.RequestException, OSError) as error:
        shown = re.sub(r"://[^@/\s]*@", "://***@", config.uri)
        reason = re.sub(r"://[^@/\s]*@", "://***@", str(error).strip().splitlines()[0])[:300]
        raise RegistryError(
            f"registry {shown}", expected="an MLflow registry that answers", got=reason,
            fix="start it, or correct registry.uri; nothing was promoted",
        ) from error  # fmt: skip
