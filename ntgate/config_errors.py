"""What pydantic finds wrong with a config, in sentences."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ntgate.credentials import without_credentials
from ntgate.errors import ConfigError

_SHOWN = 60


def explain(error: ValidationError, root: type[BaseModel], content: Mapping[str, Any]) -> list[ConfigError]:
    """One :class:`ConfigError` for each problem, with the path as the user wrote it."""
    return [_explain(dict(problem), root, content) for problem in error.errors(include_url=False)]


def _explain(problem: dict[str, Any], root: type[BaseModel], content: Mapping[str, Any]) -> ConfigError:
    where = _path(problem["loc"], content)
    shown, kind = ".".join(map(str, where)) or "config", problem["type"]
    context = problem.get("ctx", {})
    if kind == "extra_forbidden":
        keys = _keys(root, where[:-1], problem["loc"])
        close = difflib.get_close_matches(str(where[-1]), keys, n=1, cutoff=0.5)
        fix = f"did you mean {close[0]!r}?" if close else "remove it"
        return ConfigError(
            shown,
            expected=f"one of {', '.join(keys)}" if keys else "no such key",
            got="an unknown key",
            fix=fix,
        )
    if kind == "missing":
        return ConfigError(shown, expected="a value", got="nothing", fix=f"add {where[-1]!r}")
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = context.get("expected", context.get("expected_tags", "another value"))
        value = context.get("tag", problem["input"])
        options = [part.strip(" '\"") for part in allowed.replace(" or ", ",").split(",")]
        close = difflib.get_close_matches(str(value), options, n=1, cutoff=0.4)
        fix = f"did you mean {close[0]!r}?" if close else "choose one of them"
        return ConfigError(shown, expected=f"one of {', '.join(options)}", got=_short(value), fix=fix)
    expected = problem["msg"]
    for prefix in ("Input should be ", "Value error, ", "Input should "):
        expected = expected.removeprefix(prefix)
    fix = "correct it"
    if kind == "model_type" or kind.endswith("dict_type"):
        expected, fix = "a mapping of settings", "write it as nested keys"
    return ConfigError(shown, expected=expected, got=_short(problem["input"]), fix=fix)


def _path(location: tuple[Any, ...], content: Mapping[str, Any]) -> tuple[Any, ...]:
    """The location without the union tags that pydantic puts between keys."""
    path: list[Any] = []
    here: Any = content
    for i, part in enumerate(location):
        if (isinstance(here, Mapping) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        ):
            path, here = [*path, part], here[part]
        elif i == len(location) - 1 and isinstance(here, Mapping):
            path.append(part)
    return tuple(path)


def _keys(root: type[BaseModel], parents: tuple[Any, ...], location: tuple[Any, ...]) -> list[str]:
    """The keys allowed below ``parents``."""
    kinds: list[type[BaseModel]] = [root]
    for part in parents:
        if isinstance(part, int):
            continue
        kinds = [k for kind in kinds if part in kind.model_fields for k in _models(kind.model_fields[part].annotation)]
    tagged = [k for k in kinds if "kind" in k.model_fields and k.model_fields["kind"].default in location]
    return sorted({name for kind in tagged or kinds for name in kind.model_fields})


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, typing.Annotated):
        return [kind for part in typing.get_args(annotation) for kind in _models(part)]
    return []


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return f"a mapping with {', '.join(map(str, value)) or 'no keys'}"[:_SHOWN]
    text = without_credentials(repr(value))  # before it is cut: half a password is one too
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
