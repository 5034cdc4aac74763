"""The end of what nobody needs: versions first, then models and runs with their artifacts, the parent run last.

A removal that is cut short leaves a parent run, by which the next one finds the rest.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from ntgate.registry.artifact_store import store_at
from ntgate.registry.client import Registry, named, translated
from ntgate.registry.garbage import Garbage, Retention, needed_versions
from ntgate.registry.lock import promotion_lock


def size(registry: Registry, garbage: Garbage) -> int:
    """Bytes of its artifacts.

    Raises:
        RegistryError: when a store does not answer.
    """
    return sum(_bytes(registry, place) for place in garbage.places)


def remove(registry: Registry, garbage: Garbage, retention: Retention) -> bool:
    """Delete it; False where one of its versions came to be needed since it was looked at, and nothing was deleted.

    A database forgets what is deleted; an MLflow server marks runs as deleted and keeps their rows, until its owner runs
    `mlflow gc` there. Their artifacts are gone either way.

    Raises:
        RegistryError: when the registry or the store of artifacts does not answer.
    """
    here = Registry(registry.client, registry.config, garbage.model)
    client = registry.client
    if garbage.versions:
        with translated(registry.config), promotion_lock(here):
            aliases = client.get_registered_model(here.name).aliases or {}
            versions = list(client.search_model_versions(named(here.name), max_results=10_000))
            if needed_versions(versions, aliases, retention) & set(garbage.versions):
                return False
            for version in {str(one.version) for one in versions} & set(garbage.versions):
                client.delete_model_version(here.name, version)
    for place in garbage.places:
        _delete(registry, place)
    with translated(registry.config):
        for model in garbage.models:
            client.delete_logged_model(model.model_id)
            _forget(registry, "_hard_delete_logged_model", model.model_id)
        for run in (*garbage.children, garbage.run):
            client.delete_run(run.info.run_id)
            _forget(registry, "_hard_delete_run", run.info.run_id)
    return True


def _forget(registry: Registry, act: str, which: str) -> None:
    """What `mlflow gc` does behind a deletion. The command itself would end everything that anybody has deleted."""
    if not registry.config.uri.startswith("http"):
        from mlflow.tracking._tracking_service.utils import _get_store

        getattr(_get_store(store_uri=registry.config.uri), act)(which)


def _bytes(registry: Registry, place: str) -> int:
    folder = _local(place)
    if folder is not None:
        return sum(os.lstat(Path(top) / file).st_size for top, _, files in os.walk(folder) for file in files)
    with store_at(registry.config, place, "start the store, or correct the rights on it"):
        repository, total, todo = _repository(registry, place), 0, [None]
        while todo:
            for file in repository.list_artifacts(todo.pop()):
                if file.is_dir:
                    todo.append(file.path)
                else:
                    total += file.file_size or 0
    return total


def _delete(registry: Registry, place: str) -> None:
    folder = _local(place)
    if folder is not None and not folder.exists():
        return
    with store_at(registry.config, place, "start the store, or correct the rights on it"):
        _repository(registry, place).delete_artifacts()
    if folder is not None:
        with suppress(OSError):  # the folder of the run, where nothing else is in it
            folder.parent.rmdir()


def _repository(registry: Registry, place: str) -> Any:
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(place, tracking_uri=registry.config.uri)


def _local(place: str) -> Path | None:
    parsed = urlparse(place)
    return Path(unquote(parsed.path)) if parsed.scheme in ("", "file") else None
