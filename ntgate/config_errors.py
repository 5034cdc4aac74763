"""What is wrong with a config, in sentences of our own: none of pydantic's words reach a user."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ntgate.config_keys import children, kinds, places
from ntgate.credentials import without_credentials
from ntgate.errors import ConfigError

_SHOWN = 60
_MAPPING = ("a mapping of settings", "write it as nested keys")
_FORMS = {r"^[^/:%\\]+$": "text without / : % or \\", r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$": "package.module:Class"}
_NUMBER, _WHOLE, _LIST = "a number", "a whole number", "a list"
_EXPECTED = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "a finite number",
    "truth_value": _NUMBER,
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "string_unicode": "text",
    "string_too_short": "text of at least {min_length} characters",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text of the form {pattern}",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "iterable_type": _LIST,
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
}


def explain(error: ValidationError, root: type[BaseModel], content: Mapping[str, Any]) -> list[ConfigError]:
    """One :class:`ConfigError` for each problem, with the path as the user wrote it."""
    return [_explain(problem, root, content) for problem in _problems(error)]


def _problems(error: ValidationError, above: tuple[Any, ...] = ()) -> list[dict[str, Any]]:
    """The problems, those of a part that was read by itself with the path to it."""
    found: list[dict[str, Any]] = []
    for problem in error.errors(include_url=False):
        where = (*above, *problem["loc"])
        inner = problem.get("ctx", {}).get("error")
        found += _problems(inner, where) if isinstance(inner, ValidationError) else [{**problem, "loc": where}]
    return found


def _explain(problem: dict[str, Any], root: type[BaseModel], content: Mapping[str, Any]) -> ConfigError:
    where = _path(problem["loc"], content)
    shown, kind, context = ".".join(map(str, where)) or "config", problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        expected, fix = _at_the_right_level(root, where, problem["loc"])
        return ConfigError(shown, expected=expected, got="an unknown key", fix=fix)
    if kind == "missing":
        return ConfigError(shown, expected="a value", got="nothing", fix=f"add {where[-1]!r}")
    if {"expected", "got", "fix"} <= set(context):
        return ConfigError(context.get("where", shown), expected=context["expected"], got=context["got"], fix=context["fix"])
    return _of_value(shown, problem, kinds(root, where))


def _of_value(shown: str, problem: dict[str, Any], tags: list[str]) -> ConfigError:
    """What is wrong with a value; where it should be one of a union, ``tags`` are its kinds."""
    kind, value, context = problem["type"], problem["input"], problem.get("ctx", {})
    if shown.partition(".")[0] == "notify" and "/" in str(value):  # the address of a webhook is a secret as a whole
        value = "an address"
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = context.get("expected", context.get("expected_tags", "another value"))
        return _choice(shown, [part.strip(" '\"") for part in allowed.replace(" or ", ",").split(",")], context.get("tag", value))
    if kind == "union_tag_not_found" or (tags and kind in ("model_attributes_type", "model_type")):
        if isinstance(value, str):
            return _choice(shown, tags, value)
        fix = f"add kind, as in {{kind: {tags[0]}}}" if tags else "add kind"
        got = "none in it" if isinstance(value, Mapping) else _short(value)
        return ConfigError(shown, expected=f"a kind: {', '.join(tags)}", got=got, fix=fix)
    if kind in ("model_type", "model_attributes_type", "mapping_type") or kind.endswith("dict_type"):
        return ConfigError(shown, expected=_MAPPING[0], got=_short(value), fix=_MAPPING[1])
    if kind == "value_error":
        expected = str(context.get("error", "another value"))
    else:
        expected = _FORMS.get(
            context.get("pattern", ""), _EXPECTED.get(kind, "a value of another kind").format_map(_plain(context))
        )
    return ConfigError(shown, expected=expected, got=_short(value), fix="correct it")


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds as people write them: 100,000 instead of 100000.0."""
    whole = {name: isinstance(value, int | float) and value == int(value) for name, value in context.items()}
    return {name: f"{int(value):,}" if whole[name] and abs(value) < 1e11 else value for name, value in context.items()}


def _choice(shown: str, options: list[str], value: Any) -> ConfigError:
    close = difflib.get_close_matches(str(value)[:_SHOWN], options, n=1, cutoff=0.4)
    fix = f"did you mean {close[0]!r}?" if close else "choose one of them"
    return ConfigError(shown, expected=f"one of {', '.join(options)}", got=_short(value), fix=fix)


def _at_the_right_level(root: type[BaseModel], where: tuple[Any, ...], location: tuple[Any, ...]) -> tuple[str, str]:
    """The keys that are known where an unknown one stands, and what to do with it: it may be right elsewhere."""
    key = str(where[-1])[:_SHOWN]
    here = sorted({name for model in children(root, where[:-1], location) for name in model.model_fields})
    expected = f"one of {', '.join(here)}" if here else "no such key"
    above = [str(part) for part in where[:-1] if not isinstance(part, int)]
    elsewhere = places(root)
    if key in elsewhere:
        return expected, f"{key!r} belongs {_nearest(elsewhere[key], above)}"
    close = difflib.get_close_matches(key, here, n=1, cutoff=0.5)
    if close:
        return expected, f"did you mean {close[0]!r}?"
    close = difflib.get_close_matches(key, elsewhere, n=1, cutoff=0.75)
    return expected, f"did you mean {close[0]!r} {_nearest(elsewhere[close[0]], above)}?" if close else "remove it"


def _nearest(paths: list[str], above: list[str]) -> str:
    """The places nearest to where a key was written, the more levels in common the nearer."""

    def shared(path: str) -> int:
        return sum(1 for one, two in zip(path.split("."), above, strict=False) if one == two)

    best = max(map(shared, paths))
    near = [path for path in paths if shared(path) == best]
    if "" in near:
        return "at the top"
    return f"under {', '.join(near[:4])}"


def _path(location: tuple[Any, ...], content: Mapping[str, Any]) -> tuple[Any, ...]:
    """The location without the union tags that pydantic puts between keys."""
    path: list[Any] = []
    here: Any = content
    for i, part in enumerate(location):
        if (isinstance(here, Mapping) and part in here) or (isinstance(here, list) and isinstance(part, int) and part < len(here)):
            path, here = [*path, part], here[part]
        elif i == len(location) - 1 and isinstance(here, Mapping):
            path.append(part)
    return tuple(path)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return f"a mapping with {', '.join(map(str, value)) or 'no keys'}"[:_SHOWN]
    text = without_credentials(repr(value))  # before it is cut: half a password is one too
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
