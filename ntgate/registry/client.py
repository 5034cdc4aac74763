"""A connection to the registry that answers, or says soon that it does not."""

from __future__ import annotations

import logging
import os
import re
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ntgate.errors import RegistryError
from ntgate.extras import require
from ntgate.optouts import opt_out
from ntgate.process_lock import exclusive
from ntgate.registry.config import RegistryConfig
from ntgate.registry.creation import prepare
from ntgate.registry.faults import translated
from ntgate.registry.reachability import reach, sqlite_file, with_driver

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["Registry", "connect", "exists", "sqlite_file", "translated"]

# MLflow takes these from the environment alone. Its defaults keep a caller of a dead server waiting for four minutes, and
# print the address of every run to stdout, which belongs to the answer of a command.
_MANNERS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}

# Without it MLflow's pages take an experiment of pipelines for one of prompts, and show its runs as such.
_KIND = {"mlflow.experimentKind": "custom_model_development"}


@dataclass(frozen=True)
class Registry:
    """One registered model in one MLflow registry.

    Attributes:
        client: bound to the registry's address.
        config: how it was reached; a SQLite file by its absolute path, PostgreSQL with its driver.
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
        """The id of the experiment, which is created when it is missing.

        Raises:
            RegistryError: when MLflow could not keep the artifacts of a new experiment, or the experiment was deleted.
        """
        from mlflow.exceptions import MlflowException

        found = self.client.get_experiment_by_name(self.experiment_name)
        if found is None:
            try:
                location = self._artifact_location()
                return str(self.client.create_experiment(self.experiment_name, artifact_location=location, tags=_KIND))
            except MlflowException:
                found = self.client.get_experiment_by_name(self.experiment_name)  # another process was faster
                if found is None:
                    raise
        if found.lifecycle_stage != "active":
            raise RegistryError(
                f"experiment {self.experiment_name}",
                expected="an active experiment",
                got="a deleted one",
                fix="restore it, or name another one as registry.experiment",
            )
        return str(found.experiment_id)

    def _artifact_location(self) -> str | None:
        if self.config.artifact_location is not None:
            return self.config.artifact_location
        if self.config.uri.startswith("http"):
            return None  # the server decides
        file = sqlite_file(self.config)
        if file is None:
            raise RegistryError(
                "registry.artifact_location",
                expected="where artifacts go, beside a database URI",
                got="nothing",
                fix="set it, or give the address of an MLflow server",
            )
        # MLflow would write to ./mlruns, wherever the process happens to stand.
        return (file.parent / "mlartifacts" / re.sub(r"\W+", "-", self.experiment_name)).as_uri()


def connect(config: RegistryConfig, name: str) -> Registry:
    """Connect to the registry and make sure that it answers.

    Args:
        config: where it is.
        name: the registered model; it need not exist.

    Raises:
        RegistryError: when the registry does not answer within about ``timeout_seconds``.
    """
    require("the registry", "mlflow")
    opt_out()
    for variable, value in _MANNERS.items():
        os.environ.setdefault(variable, value)
    # The first connection to a new SQLite file runs MLflow's migrations, with a log line for each.
    for noisy in ("alembic", "mlflow.store.db.utils", "mlflow.utils.requirements_utils", "mlflow.tracking"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    config = config.resolved()
    file = sqlite_file(config)
    config = config.model_copy(update={"uri": with_driver(config.uri) if file is None else f"sqlite:///{file}"})
    with translated(config):
        from mlflow import MlflowClient

        reach(config)
        with nullcontext() if file is None else exclusive(file.with_name(f".{file.name}.lock")):
            if file is not None:
                prepare(file, config.timeout_seconds)
            client = MlflowClient(tracking_uri=config.uri, registry_uri=config.uri)
            client.search_experiments(max_results=1)
            # A store of its own behind the same address, which would else be opened with MLflow's patience of minutes.
            client.search_registered_models(max_results=1)
    return Registry(client, config, name)


def exists(config: RegistryConfig) -> bool:
    """Whether asking the registry leaves everything as it was: a SQLite file would be created by being asked.

    Raises:
        RegistryError: when something else lies where the file should.
    """
    file = sqlite_file(config.resolved())
    if file is not None and file.exists() and not file.is_file():
        got = "a folder" if file.is_dir() else "a device, a pipe or a socket"
        raise RegistryError("registry.uri", expected=f"a SQLite file {file}", got=got, fix="name another file")
    return file is None or file.is_file()


def named(name: str) -> str:
    """The filter that finds ``name`` and no other.

    >>> print(named("digits-reader"), named("Ann's"))
    name='digits-reader' name="Ann's"
    """
    return f"name={quoted(name)}"


def quotable(text: str) -> bool:
    """Whether MLflow's filter language can say the text: it has no word for one with both kinds of quotes."""
    return not ("'" in text and '"' in text)


def quoted(text: str) -> str:
    """The text as a value in MLflow's filter language."""
    quote = '"' if "'" in text else "'"
    return f"{quote}{text}{quote}"
