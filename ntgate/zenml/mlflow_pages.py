"""Addresses of pages in MLflow, where the registry is a server."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from ntgate.config import RunConfig


def server(config: RunConfig) -> str | None:
    """The address of its pages, without user and password; None where the registry is a database."""
    address = urlsplit(config.registry.resolved().uri)
    if not address.scheme.startswith("http"):
        return None
    return f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path.rstrip('/')}"


def run_page(config: RunConfig, experiment: str, run_id: str) -> Any:
    """Of a run, as ZenML's kind of metadata; None where there is no server."""
    return _uri(config, f"experiments/{experiment}/runs/{run_id}")


def version_page(config: RunConfig, name: str, version: str) -> Any:
    """Of a version, as ZenML's kind of metadata; None where there is no server."""
    return _uri(config, f"models/{quote(name)}/versions/{version}")


def _uri(config: RunConfig, place: str) -> Any:
    from zenml.metadata.metadata_types import Uri

    address = server(config)
    return None if address is None else Uri(f"{address}/#/{place}")
