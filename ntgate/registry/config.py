"""What can be configured about the registry."""

from __future__ import annotations

from pydantic import Field

from ntgate.base import Frozen


class RegistryConfig(Frozen):
    """Where runs and versions are kept.

    Attributes:
        uri: ``sqlite:///mlflow.db`` or the address of an MLflow server. Credentials belong in MLFLOW_TRACKING_USERNAME and
            MLFLOW_TRACKING_PASSWORD, not here.
        experiment: where the runs are recorded; None: an experiment named after the model.
        artifact_location: of a new experiment; None: beside the SQLite file, or as the server decides.
        lock_seconds: after which the promotion lock of a dead process may be taken over.
        wait_seconds: how long to wait for another promotion.
    """

    uri: str = Field(min_length=1)
    experiment: str | None = None
    artifact_location: str | None = None
    lock_seconds: int = Field(120, ge=5)
    wait_seconds: int = Field(60, ge=0)
