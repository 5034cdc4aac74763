"""Settings that many configs share: ``base: common.yaml`` names a file whose settings hold where the config says nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ntgate.errors import ConfigError
from ntgate.settings_file import read_settings

KEY = "base"
DESCRIPTION = "Another config file, by its path from this one, whose settings hold where this one says nothing else."
_DEEPEST = 10  # files


def inherited(path: Path, places: Any) -> dict[str, Any]:
    """The settings in a file over those of its base, and of the base's base.

    Mappings are merged key by key, except where both name another ``kind``; lists and values are replaced as a whole.

    Args:
        path: the file.
        places: makes the relative paths in a mapping of settings absolute, given the folder of its file; for bases alone.

    Raises:
        ConfigError: when a file is no mapping, or names itself as its base.
    """
    content = _mapping(path)
    following: tuple[Path, ...] = (path.resolve(),)
    while (name := content.pop(KEY, None)) is not None:
        if not isinstance(name, str) or not name:
            raise ConfigError(f"{path}: {KEY}", expected="the path of a config file", got=repr(name), fix="name one file")
        base = (following[-1].parent / Path(name).expanduser()).resolve()
        if base in following or len(following) == _DEEPEST:
            got = " on ".join(file.name for file in (*following, base))
            raise ConfigError(
                f"{path}: {KEY}", expected="files that do not rest on one another in a circle", got=got, fix="remove one"
            )
        content = merged(places(_mapping(base), base.parent), content)
        following = (*following, base)
    return content


def configs_in(folder: Path) -> list[Path]:
    """The configs of runs directly in a folder: its YAML and JSON files, but for those that another one there begins from.

    Raises:
        ConfigError: when there are none, or one is no mapping.
    """
    found = sorted(path.resolve() for path in folder.iterdir() if path.suffix in (".yaml", ".yml", ".json") and path.is_file())
    bases = {(folder / str(content[KEY])).resolve() for path in found if KEY in (content := _mapping(path))}
    configs = [path for path in found if path not in bases]
    if not configs:
        raise ConfigError(str(folder), expected="configs, YAML or JSON files", got="none", fix="name a config, or another folder")
    return configs


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of ``over``, and those of ``base`` where it says nothing.

    >>> merged({"seed": 1, "gate": {"alpha": 0.1, "margin": 0.0}}, {"gate": {"alpha": 0.05}})
    {'seed': 1, 'gate': {'alpha': 0.05, 'margin': 0.0}}
    >>> merged({"backbone": {"kind": "mlp", "hidden": [64]}}, {"backbone": {"kind": "cnn"}})
    {'backbone': {'kind': 'cnn'}}
    """
    both = dict(base)
    for key, value in over.items():
        below, both[key] = base.get(key), value
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            another = "kind" in value and value["kind"] != below.get("kind")
            both[key] = value if another else merged(below, value)
    return both


def _mapping(path: Path) -> dict[str, Any]:
    content = read_settings(path)
    if not isinstance(content, dict):
        kind = "an empty file" if content is None else f"a {type(content).__name__}"
        raise ConfigError(
            str(path),
            expected="a mapping of settings",
            got=kind,
            fix="run `ntgate schema` for the keys and `ntgate init` for a starter config",
        )
    return content
