"""Where the project with ``pipelines/`` and ``steps/`` lies."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def find(near: Iterable[Path] = ()) -> Path | None:
    """The nearest folder at or above the given places, then at or above the working directory, with a retrain pipeline."""
    for start in [*near, Path.cwd()]:
        for folder in [start.resolve(), *start.resolve().parents]:
            if (folder / "pipelines" / "retrain.py").is_file() and (folder / "steps").is_dir():
                return folder
    return None
