"""Relative paths of a config: they are relative to the folder of the file that they stand in."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import Any

from ntgate.errors import ConfigError, ConfigErrors


def _elsewhere(path: str) -> bool:
    """Whether no folder of ours says where a path leads."""
    return "://" in path or path.startswith("${")


def located_or_refused(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The settings of a base with its relative local paths taken from its own folder.

    Raises:
        ConfigErrors: when one of them is no path.
    """
    problems: list[ConfigError] = []
    found = located(content, folder, problems)
    if problems:
        raise ConfigErrors(problems)
    return found


def located(content: dict[str, Any], base: Path, problems: list[ConfigError]) -> dict[str, Any]:
    """The config with every relative local path made absolute, but for one that begins with a reference."""
    places: list[tuple[Any, str]] = [(content, "output"), (content.get("model"), "source_checkpoint")]
    model, data = content.get("model"), content.get("data")
    backbone = model.get("backbone") if isinstance(model, dict) else None
    if isinstance(backbone, dict) and backbone.get("kind") == "transformers":  # the path of an import is no file
        places.append((backbone, "path"))
    if isinstance(data, dict):
        places += [(data.get(name), "path") for name in ("source", "target", "target_test", "unlabelled")]
    for holder, key in places:
        if isinstance(holder, dict) and isinstance(holder.get(key), str) and not _elsewhere(holder[key]):
            holder[key] = str(_absolute(base, holder[key], problems))
    gate = content.get("gate")
    for holder in (content.get("registry"), gate.get("ledger") if isinstance(gate, dict) else None):
        if isinstance(holder, dict) and isinstance(holder.get("uri"), str):
            file = re.fullmatch(r"sqlite:///([^/].*)", holder["uri"])
            if file and not _elsewhere(file[1]):
                holder["uri"] = f"sqlite:///{_absolute(base, file[1], problems, home=False)}"
    return content


def _absolute(base: Path, path: str, problems: list[ConfigError], *, home: bool = True) -> Path:
    try:
        given = Path(path).expanduser() if home else Path(path)
        found = (base / given).resolve()
        _refuse_circle(found)
        return found
    except (RuntimeError, OSError, ValueError) as error:  # nobody of this name, links in a circle, a name that is too long
        problems.append(ConfigError(path[:80], expected="a path", got=str(error)[:80], fix="correct it"))
        return base


def _refuse_circle(path: Path) -> None:
    """Raise OSError for links in a circle, which ``resolve`` lets pass since Python 3.13."""
    try:
        path.stat()
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
            raise
