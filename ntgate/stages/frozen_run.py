"""A finished run as its folder keeps it: what was frozen, for labels that come later."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ntgate import SCHEMA
from ntgate.base import Artifact, with_files
from ntgate.config import RunConfig
from ntgate.credentials import without_credentials
from ntgate.data.location import locate
from ntgate.errors import ConfigError, DataError
from ntgate.extras import RUN, require
from ntgate.json_text import parsed
from ntgate.stages.history import RunHistory
from ntgate.stages.own_code import refuse_own
from ntgate.stages.place import Place
from ntgate.stages.run_file import RUN_FILE, as_written
from ntgate.transport import cache, remote

HISTORY = "history.json"
T = TypeVar("T")


@dataclass(frozen=True)
class FrozenRun:
    """A finished run.

    Attributes:
        config: its config, with the address of the registry that was given for it.
        history: the results of its stages.
        place: its folder.
    """

    config: RunConfig
    history: RunHistory
    place: Place

    def read(self, name: str, form: Callable[[Any], T]) -> T | None:
        """What ``form`` makes of a JSON file of its folder; None where there is none.

        Raises:
            DataError: when it is no JSON.
            ConfigError: when it is not what a run writes there.
        """
        content = _read(self.place.address, name)
        with as_written(self.place.address):
            return None if content is None else form(content)


def keep_history(place: Place, config: RunConfig, history: RunHistory) -> None:
    """Write down what a later verdict on labels needs of a run. No password is kept."""
    settings = config.model_dump(mode="json")
    settings["registry"]["uri"] = without_credentials(config.registry.uri)
    for spec in settings["data"].values():
        if isinstance(spec, dict) and isinstance(spec.get("path"), str):
            spec["path"] = without_credentials(spec["path"])
    content = {"schema": SCHEMA, "config": settings, "results": history.model_dump(mode="json")}
    place.write(HISTORY, content, indent=None)


def frozen_run(run: str, uri: str | None = None, *, own: bool = False) -> FrozenRun:
    """The finished run in a folder, wherever that was moved.

    Args:
        run: its folder, or its address.
        uri: of the registry, where the run's own had a password in it, or has moved.
        own: whether strategies, rules, readers and backbones of one's own that the run names may be imported.

    Raises:
        ConfigError: when there is no such run, or it names code that may not be imported.
    """
    require("labels of a run", *RUN)
    address = run.rstrip("/") if remote(run) else os.path.realpath(run)
    content = _read(address, HISTORY)
    if content is None:
        begun = _read(address, RUN_FILE) is not None
        raise ConfigError(
            run,
            expected=f"the folder of a finished run, with {HISTORY}",
            got="a run that has not come to its end, or of an earlier ntgate" if begun else "none",
            fix="name another one",
        )
    with as_written(run):
        return _restored(run, address, content, uri, own=own)


def _restored(run: str, address: str, content: Any, uri: str | None, *, own: bool) -> FrozenRun:
    if int(content.get("schema", 0)) > SCHEMA:
        raise ConfigError(
            run, expected=f"a run of schema {SCHEMA}", got=f"schema {content['schema']}", fix="install the ntgate that wrote it"
        )
    if not own:
        refuse_own(run, [content["config"], content["results"]["plan"]])
    config = RunConfig.model_validate(content["config"])
    registry = config.registry if uri is None else config.registry.model_copy(update={"uri": uri})
    if "***" in registry.uri:
        raise ConfigError(
            "registry.uri",
            expected="an address with its password",
            got=registry.uri,
            fix="give it with --uri, or write ${NAME} in the config, which stays a reference",
        )
    history = RunHistory.model_validate(content["results"])
    before = history.ingested.directory

    def moved(file: Artifact) -> Artifact:
        if not file.path.startswith(before + "/"):
            return file
        return file.model_copy(update={"path": address + file.path[len(before) :]})

    if before != address:
        history = with_files(history, moved)
    store = None
    if remote(address):
        store = posixpath.join(posixpath.dirname(posixpath.dirname(address)), "files")
    folder = Path(address) if store is None else cache().resolve() / "work" / posixpath.basename(address) / "labels"
    return FrozenRun(config.model_copy(update={"registry": registry}), history, Place(folder, address, store))


def _read(address: str, name: str) -> Any:
    path = posixpath.join(address, name) if remote(address) else os.path.join(address, name)
    try:
        with locate(path).open() as file:
            return parsed(file.read().decode("utf-8"))
    except DataError as error:
        if remote(address) or not os.path.exists(path):
            return None
        raise error
    except ValueError as error:
        raise DataError(path, expected="JSON", got=str(error), fix="restore it") from error
