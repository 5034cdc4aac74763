"""Code: the part of a decision's identity that stands in source files, ntgate's own and those that the config names."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import ntgate

_CLASS = re.compile(r"([A-Za-z_]\w*)(?:\.\w+)*:[A-Za-z_][\w.]*")


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """SHA-256 over the package's own source files."""
    return _digest(Path(ntgate.__file__).parent, ntgate.__version__)


def own_code(content: Any) -> dict[str, str]:
    """SHA-256 by module of the classes that a config names as ``package.module:Class``: of the file, or of the whole package.

    >>> own_code({"reader": "json.decoder:JSONDecoder", "label_map": {"a": "no.such:Thing"}}).keys()
    dict_keys(['json'])
    """
    named = {match.group(1) for text in _texts(content) if (match := _CLASS.fullmatch(text))}
    return {module: digest for module in sorted(named - {"ntgate"}) if (digest := _of_module(module)) is not None}


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _texts(value)
    elif isinstance(content, Sequence):
        for value in content:
            yield from _texts(value)


def _of_module(name: str) -> str | None:
    """SHA-256 of the source of a module of the top level; empty where it has no file, None where there is no such module."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # a module that lives without a file, such as what a script runs as
        return "" if name in sys.modules else None
    if spec is None:
        return None
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    places = folders or [Path(spec.origin or "")]
    return " ".join(_digest(place) for place in places if place.exists() and place != Path())


def _digest(place: Path, version: str = "") -> str:
    """SHA-256 over a source file, or over those below a folder with their names."""
    digest = hashlib.sha256(version.encode())
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        digest.update(str(path.relative_to(place.parent if place.is_file() else place)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
