"""The files that a run left with MLflow."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from ntgate import SCHEMA
from ntgate.errors import ModelError, RegistryError
from ntgate.registry.champion import Champion
from ntgate.registry.client import Registry, translated
from ntgate.registry.recorded import PARENT, SCHEMA_TAG

_RESULT = "result.json"


def fetch_pages(registry: Registry, run_id: str, folder: Path) -> list[Path]:
    """Download the pages of a parent run into ``folder``; see :func:`fetch_files`."""
    return fetch_files(registry, run_id, folder, (".html",), "a report")


def fetch_files(registry: Registry, run_id: str, folder: Path, endings: tuple[str, ...], called: str) -> list[Path]:
    """Download the files of a parent run whose names have one of the ``endings`` into ``folder``.

    Raises:
        RegistryError: when the registry does not answer, knows no such run, a later ntgate has recorded it, or there are none.
    """
    with translated(registry.config, fix="give the id of a run that ntgate recorded there"):
        found = registry.client.get_run(run_id).data.tags.get(SCHEMA_TAG, SCHEMA)
        if str(found) != str(SCHEMA):
            raise RegistryError(
                f"run {run_id}",
                expected=f"a run of schema {SCHEMA}",
                got=f"schema {found}",
                fix="install the ntgate that recorded it, or a later one",
            )
        files = [file.path for file in registry.client.list_artifacts(run_id) if file.path.endswith(endings)]
        if not files:
            raise RegistryError(
                f"run {run_id}", expected=f"a run with {called}", got="none", fix="give the parent run, not that of an arm"
            )
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(registry.client.download_artifacts(run_id, file, str(folder))) for file in files]


def folder_of(registry: Registry, found: Champion) -> str:
    """The folder in which a version was made, as its run told it.

    Raises:
        ModelError: when ntgate did not make the version.
        RegistryError: when the registry does not answer, or the run's answer is gone.
    """
    parent = None
    if found.run_id is not None:
        with translated(registry.config, fix="name the folder of its run with --run"):
            parent = registry.client.get_run(found.run_id).data.tags.get(PARENT)
    if parent is None:
        raise ModelError(
            f"version {found.version} of {registry.name}",
            expected="a version that a run of ntgate made",
            got="one made by other means",
            fix="name another one with --version",
        )
    with tempfile.TemporaryDirectory() as folder:
        (answer,) = fetch_files(registry, parent, Path(folder), (_RESULT,), "an answer")
        return str(json.loads(answer.read_text(encoding="utf-8"))["directory"])
