"""What can be configured about the registry."""

from __future__ import annotations

import os
import re

from pydantic import Field, ValidationError, field_validator

from ntgate.base import Frozen, Whole
from ntgate.environment_references import PORT, expanded, odd_port, referenced, unset
from ntgate.errors import ConfigError

_EXPECTED = "sqlite:///FILE, an http(s):// address or a database URI"


def said(error: ValidationError) -> str:
    """What was expected of an address, without the address."""
    return str(error.errors(include_input=False)[0].get("ctx", {}).get("error", _EXPECTED))


class RegistryConfig(Frozen):
    """Where runs and versions are kept.

    Attributes:
        uri: ``sqlite:///mlflow.db``, ``postgresql://host/mlflow`` or the address of an MLflow server. A server's credentials
            belong in MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, not here; the password of a database in a variable
            of its own that is referred to here.
        experiment: where the runs are recorded; None: an experiment named after the model.
        artifact_location: of a new experiment; None: beside the SQLite file, or as the server decides.
        timeout_seconds: how long to wait for the first answer.
        lock_seconds: how long a promotion may take; after that its lock may be taken over from a process that died.
        wait_seconds: how long to wait for another promotion.
        baseline: whether scratch becomes a version too, with the alias ``baseline``, to be served where nothing was promoted.

    >>> RegistryConfig(uri="sqlite:///mlflow.db").lock_seconds
    60
    """

    uri: str = Field(min_length=1)
    experiment: str | None = None
    artifact_location: str | None = None
    timeout_seconds: Whole = Field(10, ge=1, le=600)
    lock_seconds: Whole = Field(60, ge=2, le=604_800)
    wait_seconds: Whole = Field(120, ge=0, le=604_800)
    baseline: bool = True

    @field_validator("uri")
    @classmethod
    def _kept_and_shared(cls, uri: str) -> str:
        # A folder of files cannot hold the lock, and a database in memory forgets the champion.
        # A reference is judged by its value, when it is used.
        if "$[" not in uri and not re.match(r"(https?|(postgresql|mysql|mssql)(\+\w+)?)://.|sqlite(\+\w+)?:///[^:]", uri):
            raise ValueError(_EXPECTED)
        if "$[" not in uri and odd_port(uri):
            raise ValueError(PORT)
        return uri

    def resolved(self) -> RegistryConfig:
        """The same with every reference in the address filled in: for a connection, and never to be kept.

        Raises:
            ConfigError: when a variable is not set, or its value is no address of a registry.
        """
        missing = [name for name in referenced(self.uri) if name not in os.environ]
        if missing:
            raise unset("registry.uri", missing[0])
        try:
            return RegistryConfig(**{**self.model_dump(), "uri": expanded(self.uri)})
        except ValidationError as error:
            raise ConfigError(
                "registry.uri", expected=said(error), got=self.uri, fix=f"correct the value of {', '.join(referenced(self.uri))}"
            ) from None  # pydantic's own message would show the value
