"""Where the project with ``pipelines/`` and ``steps/`` lies."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ntgate import template


def find(near: Iterable[Path] = ()) -> Path | None:
    """The nearest folder at or above the given places, then at or above the working directory, with a retrain pipeline."""
    for start in [*near, Path.cwd()]:
        for folder in [start.resolve(), *start.resolve().parents]:
            if (folder / "pipelines" / "retrain.py").is_file() and (folder / "steps").is_dir():
                return folder
    return None


def around(config: Path) -> Path:
    """The project around a config file, or the working directory; ntgate's own pipelines and steps where there is none."""
    return find([config.parent]) or template.root()
