from __future__ import annotations

import pytest
from pydantic import ValidationError

from ntgate.registry.config import RegistryConfig


@pytest.mark.parametrize("uri", ["mlruns", "./mlflow.db", "file:///tmp/mlruns", "sqlite://", "sqlite:///:memory:", "http://"])
def test_what_cannot_keep_a_champion_is_refused(uri):
    with pytest.raises(ValidationError, match="sqlite:///FILE"):
        RegistryConfig(uri=uri)


@pytest.mark.parametrize(
    "uri",
    [
        "sqlite:///mlflow.db",
        "sqlite:////srv/mlflow.db",
        "http://tracking:5000",
        "https://tracking",
        "postgresql+psycopg2://ann:secret@db/mlflow",
    ],
)
def test_what_can_is_taken(uri):
    assert RegistryConfig(uri=uri).uri == uri
