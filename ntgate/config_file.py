"""From a YAML or JSON file to the config: overrides, the environment's variables, relative paths, and everything wrong at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ntgate.config import RunConfig
from ntgate.config_base import inherited
from ntgate.config_errors import explain
from ntgate.config_paths import located, located_or_refused
from ntgate.environment_references import expanded, kept, referenced, to_be_kept, unset, with_password
from ntgate.errors import ConfigError, ConfigErrors
from ntgate.settings_file import plain

_ROWS = ("source", "target", "target_test", "unlabelled")
_ADDRESSES = {("registry", "uri"), ("gate", "ledger", "uri"), *(("data", name, "path") for name in _ROWS)}
_DEEPEST = 50  # levels of a setting, as of a file
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # no file system, database or terminal takes these


def load(path: str | Path, overrides: Iterable[str] = ()) -> RunConfig:
    """Read a YAML or JSON config.

    Relative paths in it, the SQLite registry among them, are relative to the folder of the file, so that a scheduled run
    means the same as one by hand. ``${NAME}`` in a string is replaced by the environment variable; where user, password, token or
    query stand in the address of the registry, the ledger or data it stays a reference, so that no config that is kept or sent
    anywhere holds a password.

    Args:
        path: the config file.
        overrides: ``key.sub=value`` settings; the value is read as YAML.

    Raises:
        ConfigErrors: with everything that is wrong, each with its path, what was expected, what came and what to do.
    """
    content = read(path, overrides)
    return parse(content, base=Path(path).resolve().parent)


def read(path: str | Path, overrides: Iterable[str] = ()) -> dict[str, Any]:
    """The plain mapping in a config file with ``overrides``, nothing checked: relative paths and ``${NAME}`` as they stand.

    Raises:
        ConfigError: when the file is not YAML or JSON, or an override is not ``key.sub=value``.
    """
    return overridden(inherited(Path(path), located_or_refused), overrides)


def overridden(content: dict[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """The mapping, with each of ``key.sub=value`` set in it.

    Raises:
        ConfigError: when an override is not of that form.
    """
    for override in overrides:
        _set(content, override)
    return content


def parse(content: Mapping[str, Any], base: Path) -> RunConfig:
    """The config in a plain mapping, with relative paths taken from ``base``."""
    problems: list[ConfigError] = []
    resolved = located({"output": "runs"} | _expanded(dict(content), "", problems), base, problems)
    try:
        config = RunConfig.model_validate(resolved)
    except ValidationError as error:
        problems += explain(error, RunConfig, resolved)
    if problems:
        raise ConfigErrors(problems)
    return _without_password(config, content, base)


def _without_password(config: RunConfig, content: Mapping[str, Any], base: Path) -> RunConfig:
    """The config with the addresses of registry, ledger and data as they were written, where a secret is filled into them.

    Orchestrators store the config, and show it to everybody. It is filled in again where the address is connected to.
    """
    written = located(_references(content), base, [])
    registry = config.registry.model_copy(update=written.get("registry", {}))
    ledger = config.gate.ledger.model_copy(update=written.get("gate", {}).get("ledger", {}))
    rows = {name: getattr(config.data, name).model_copy(update=part) for name, part in written.get("data", {}).items()}
    gate, data = config.gate.model_copy(update={"ledger": ledger}), config.data.model_copy(update=rows)
    return config.model_copy(update={"registry": registry, "gate": gate, "data": data})


def _references(value: Any, keys: tuple[str, ...] = ()) -> dict[str, Any]:
    """Of a config as it was written, the addresses in which references stay, at their places."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        where = (*keys, key)
        if isinstance(inner, Mapping) and any(place[: len(where)] == where for place in _ADDRESSES):
            if below := _references(inner, where):
                found[key] = below
        elif where in _ADDRESSES and isinstance(inner, str) and to_be_kept(inner):
            found[key] = kept(inner)
    return found


def with_passwords(content: Mapping[str, Any], where: str = "") -> list[str]:
    """The settings of a plain mapping, by their keys, in which a password stands, and no reference to one.

    >>> with_passwords({"registry": {"uri": "http://ann:${PW}@tracking"}, "data": {"target": {"path": "https://ann:pw@host/x"}}})
    ['data.target.path']
    """
    found: list[str] = []
    for key, value in content.items():
        inner = {str(i): one for i, one in enumerate(value)} if isinstance(value, list) else value
        if isinstance(inner, Mapping):
            found += with_passwords(inner, f"{where}{key}.")
        elif isinstance(inner, str) and with_password(inner):
            found.append(f"{where}{key}")
    return found


def may_refer(where: str) -> bool:
    """Whether references to a password stay references at this key, however often the config is kept or sent.

    >>> may_refer("registry.uri"), may_refer("output")
    (True, False)
    """
    return tuple(where.split(".")) in _ADDRESSES


def _set(content: dict[str, Any], override: str) -> None:
    key, sign, text = override.partition("=")
    if not sign or not key.strip():
        raise ConfigError(
            f"--set {override}", expected="key.sub=value", got="no '='" if not sign else "no key", fix="write e.g. --set seed=1"
        )
    *parents, last = key.strip().split(".")
    if len(parents) > _DEEPEST:
        got = f"{len(parents)} levels"
        raise ConfigError(f"--set {override[:60]}", expected=f"at most {_DEEPEST} levels", got=got, fix="correct it")
    for parent in parents:
        below = content.setdefault(parent, {})
        if not isinstance(below, dict):
            raise ConfigError(f"--set {override}", expected=f"a mapping at {parent!r}", got=repr(below), fix="set the whole value")
        content = below
    try:
        content[last] = plain(text)
    except ValueError as error:
        raise ConfigError(f"--set {override}", expected="a YAML value", got=text[:60], fix="quote it") from error


def _expanded(value: Any, where: str, problems: list[ConfigError]) -> Any:
    if isinstance(value, dict):
        return {k: _expanded(v, f"{where}.{k}".lstrip("."), problems) for k, v in value.items()}
    if isinstance(value, list):
        return [_expanded(v, f"{where}.{i}", problems) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    if _NO_TEXT.search(value):
        problems.append(ConfigError(where, expected="text", got=f"a NUL or half a character in {value[:40]!r}", fix="remove it"))
        return ""
    missing = [name for name in referenced(value) if name not in os.environ]
    problems += [unset(where, name) for name in missing]
    return "" if missing else expanded(value)
