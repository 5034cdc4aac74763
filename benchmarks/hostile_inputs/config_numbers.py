"""Every number of the config under values that it may not have; places and ranges come from the schema that ntgate prints."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import yaml

from hostile_inputs.hostile_input import HostileInput, Place, validating
from hostile_inputs.project import smallest

DOOR = "numbers of the config"
Path = tuple[str | int, ...]


def inputs() -> Iterator[HostileInput]:
    """A config for each number and each value that it may not have."""
    printed = subprocess.run([sys.executable, "-m", "ntgate", "schema"], check=True, capture_output=True, text=True).stdout
    schema, seen = json.loads(printed), set()
    for path, number, around in _numbers(schema, schema, (), {}):
        if path in seen:
            continue
        seen.add(path)
        for called, value in _chosen(_refused(number), len(seen)).items():
            content = _with(smallest(), path, value, around)
            make = partial(_written, content)
            yield HostileInput(DOOR, f"{'.'.join(map(str, path))}: {called}", make, frozenset({2}), several=len(around) > 0)


def _written(content: Mapping[str, Any], place: Place) -> list[str]:
    place.write("hostile.yaml", yaml.safe_dump(content))
    return list(validating("hostile.yaml"))


def _chosen(refused: dict[str, Any], turn: int) -> dict[str, Any]:
    """NaN and both sides of the range for every number, and one of the others, in turn."""
    always = {"NaN", "below", "above"}
    others = [called for called in refused if called not in always]
    return {called: value for called, value in refused.items() if called in always or called == others[turn % len(others)]}


def _refused(number: Mapping[str, Any]) -> dict[str, Any]:
    """Values outside of what the schema says of a number."""
    low = number.get("minimum", number.get("exclusiveMinimum"))
    high = number.get("maximum", number.get("exclusiveMaximum"))
    found: dict[str, Any] = {"NaN": math.nan, "infinite": math.inf, "1e300": 1e300, "true": True, "text": "text", "a list": [7]}
    if low is not None:
        found["below"] = low if "exclusiveMinimum" in number else low - 1
    if high is not None:
        found["above"] = high if "exclusiveMaximum" in number else 2 * high + 1
    if number["type"] == "integer":
        found["a fraction"] = (low or 0) + 1.5
    if not number["nullable"]:
        found["null"] = None
    return found


def _numbers(
    schema: Mapping[str, Any], part: Mapping[str, Any], path: Path, around: dict[Path, Any]
) -> Iterator[tuple[Path, dict[str, Any], dict[Path, Any]]]:
    """Every number below a part of the schema: its path, its own schema, and what else has to stand around it, by path."""
    if "$ref" in part:
        name = part["$ref"].removeprefix("#/$defs/")
        if name == "JsonValue":  # whatever code of one's own takes
            return
        part = schema["$defs"][name]
    choices = [*part.get("anyOf", ()), *part.get("oneOf", ())]
    nullable = {"type": "null"} in choices
    for choice in choices:
        for below, number, needed in _numbers(schema, choice, path, around):
            yield below, {**number, "nullable": number["nullable"] or (nullable and below == path)}, needed
    if part.get("type") in ("integer", "number"):
        yield path, {"nullable": False, **part}, around
    properties = part.get("properties", {})
    needed = {(*path, name): properties[name].get("const", "text") for name in part.get("required", ()) if path}
    if "const" in properties.get("kind", {}):
        needed[(*path, "kind")] = properties["kind"]["const"]
    for name, below in properties.items():
        yield from _numbers(schema, below, (*path, name), {**around, **needed})
    if "items" in part:
        yield from _numbers(schema, part["items"], (*path, 0), around)
    for i, below in enumerate(part.get("prefixItems", ())):
        yield from _numbers(schema, below, (*path, i), {**around, **{(*path, j): 3 for j in range(len(part["prefixItems"]))}})


def _with(content: dict[str, Any], path: Path, value: Any, around: Mapping[Path, Any]) -> dict[str, Any]:
    """A config with a value at a path, and with what has to stand around it where nothing is said of it."""
    content = copy.deepcopy(content)
    for where, needed in around.items():
        _put(content, where, needed, replace=False)
    _put(content, path, value, replace=True)
    return content


def _put(content: Any, path: Path, value: Any, *, replace: bool) -> None:
    for key, following in pairwise(path):
        here = [] if isinstance(following, int) else {}
        if isinstance(key, int):
            content.extend([here] * (key + 1 - len(content)))
        elif not isinstance(content.get(key), type(here)):
            content[key] = here
        content = content[key]
    last = path[-1]
    if isinstance(last, int):
        content.extend([value] * (last + 1 - len(content)))
        content[last] = value
    elif replace or last not in content:
        content[last] = value
