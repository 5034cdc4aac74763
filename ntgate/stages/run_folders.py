"""Folders that runs left: which are there, and which of them somebody still needs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ntgate import SCHEMA
from ntgate.base import Frozen
from ntgate.errors import ConfigError
from ntgate.json_text import read_json
from ntgate.stages.ask import ASKED
from ntgate.stages.judge import JUDGED
from ntgate.stages.run_file import RUN_FILE

_UNFINISHED = 2 * 24 * 3600.0  # seconds; what has not ended since then never will


class RunFolder(Frozen):
    """One folder.

    Attributes:
        path: of it.
        model: the registered model.
        began: when its run began, seconds since the epoch.
        outcome: how it ended; None: it has not.
        decision_id: of its decision.
        run_id: of its MLflow run.
        asked: whether labels were asked for that have not decided yet.
    """

    path: Path
    model: str
    began: float
    outcome: str | None = None
    decision_id: str | None = None
    run_id: str | None = None
    asked: bool = False

    @property
    def open(self) -> bool:
        """Whether something may go on with it."""
        return self.asked or (self.outcome is None and time.time() - self.began < _UNFINISHED)


def run_folders(place: Path, name: str | None = None) -> list[RunFolder]:
    """The folders of runs below ``place``, the ``output`` of configs, the newest of a model first; what is no run's is left out.

    Args:
        place: has a folder a model.
        name: the one registered model to look at; None: all of them.

    Raises:
        ConfigError: when there is no such folder.
    """
    if not place.is_dir():
        raise ConfigError("--runs", expected="the folder that configs name as output", got=f"no folder {place}", fix="correct it")
    found = [folder for model in _folders(place) if name in (None, model.name) for one in _folders(model) for folder in _read(one)]
    return sorted(found, key=lambda folder: (folder.model, -folder.began))


def folder_size(folder: Path) -> int:
    """Bytes of a folder's files; links count as themselves."""
    return sum(os.lstat(Path(top) / file).st_size for top, _, files in os.walk(folder) for file in files)


def _folders(place: Path) -> list[Path]:
    return sorted(path for path in place.iterdir() if path.is_dir() and not path.is_symlink())


def _read(folder: Path) -> Iterator[RunFolder]:
    """The run in a folder; none where its file is not there, is of a later ntgate, or names another model than the folder does."""
    told = _json(folder / RUN_FILE)
    if not isinstance(told, dict) or told.get("model") != folder.parent.name or told.get("kind") not in ("run", "drift"):
        return
    try:
        if int(told["schema"]) > SCHEMA:
            return
        began = datetime.fromisoformat(told["began"]).timestamp()
    except (LookupError, TypeError, ValueError):
        return
    yield RunFolder(
        path=folder,
        model=told["model"],
        began=began,
        outcome=told.get("outcome"),
        decision_id=told.get("decision_id"),
        run_id=told.get("run_id"),
        asked=(folder / ASKED).exists() and _undecided(_json(folder / JUDGED)),
    )


def _undecided(judged: Any) -> bool:
    """Whether labels may still decide: none were judged, or more are wanted."""
    decision = judged.get("decision") if isinstance(judged, dict) else None
    return not isinstance(decision, dict) or decision.get("outcome") == "inconclusive"


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except (OSError, ValueError):
        return None
