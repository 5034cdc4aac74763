"""YAML or JSON to plain values: no tags, no key twice, and an end to what a few lines may stand for."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from ntgate.errors import ConfigError

_LARGEST = 2**21  # bytes of a file
_DEEPEST = 50  # levels
_TEXT, _TRUTH = "tag:yaml.org,2002:str", "tag:yaml.org,2002:bool"
_MOST = 200_000  # values, each counted where it stands and wherever an alias repeats it


class _Plain(yaml.SafeLoader):
    """YAML that refuses a key given twice instead of silently keeping the last, and nesting that Python could not follow."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise yaml.YAMLError(f"more than {_DEEPEST} levels")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        # JSON may write one character as two escapes, a surrogate pair; YAML takes them for two characters.
        node = super().compose_scalar_node(anchor)
        with suppress(UnicodeDecodeError):  # half a pair is refused as no text, by the name of its setting
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
        return node

    def construct_document(self, node: Any) -> Any:
        _count(node, {}, set())
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.YAMLError(f"the key in line {key_node.start_mark.line + 1} is no text")
            key_node.tag = _TEXT  # a label or a column may be called 1 or true
            key = key_node.value
            if key in seen:
                raise yaml.YAMLError(f"the key {key!r} stands twice, the second time in line {key_node.start_mark.line + 1}")
            seen.add(key)
        return super().construct_mapping(node, deep)


# As in YAML 1.2, yes, no, on and off are text, and so are 010, 12:30, 0x1F and 1_0, which YAML 1.1 reads as 8, 750, 31 and 10:
# labels are called so. Where a setting is true or false they are understood.
_NUMBERS = {
    "tag:yaml.org,2002:int": re.compile(r"^[-+]?(0|[1-9][0-9]*)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"^([-+]?(\.\d+|\d+\.\d*)([eE][-+]\d+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$", re.ASCII
    ),
}
_Plain.yaml_implicit_resolvers = {
    first: [(tag, _NUMBERS.get(tag, pattern)) for tag, pattern in resolvers if tag != _TRUTH or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _count(node: Any, known: dict[int, int], around: set[int]) -> int:
    """How many values a node stands for, each alias with all that it repeats."""
    if id(node) in around:
        raise yaml.YAMLError(f"an alias to what it stands in, in line {node.start_mark.line + 1}")
    if id(node) not in known:
        around.add(id(node))
        below: list[Any] = []
        if isinstance(node, yaml.SequenceNode):
            below = node.value
        elif isinstance(node, yaml.MappingNode):
            below = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_count(part, known, around) for part in below)
        around.remove(id(node))
    if known[id(node)] > _MOST:
        raise yaml.YAMLError(f"more than {_MOST:,} values, aliases counted with what they repeat")
    return known[id(node)]


def plain(text: str) -> Any:
    r"""The value that YAML, or JSON, stands for.

    Raises:
        ValueError: saying in one line what is wrong.

    >>> plain("{steps: 3, hidden: [64]}")
    {'steps': 3, 'hidden': [64]}
    >>> plain('{"name": "\\ud83d\\ude00"}')  # as json.dumps writes it
    {'name': '\U0001f600'}
    """
    try:
        return yaml.load(text, Loader=_Plain)  # noqa: S506  a SafeLoader: it builds plain values only
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, TypeError) as error:  # no date, too many digits
        raise ValueError(" ".join(str(error).split())[:300]) from error


def read_settings(path: Path) -> Any:
    """The value in a settings file.

    Raises:
        ConfigError: when it is no regular file, larger than 2 MiB, or neither YAML nor JSON.
    """
    subject = repr(str(path))[1:-1]
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, a device or a socket"
            raise ConfigError(subject, expected="a config file", got=kind, fix="write the config to a file")
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(subject, expected="a config file", got="no such file", fix="check the path") from None
    except (OSError, ValueError) as error:  # a NUL in the path
        got = getattr(error, "strerror", None) or str(error)
        raise ConfigError(subject, expected="a readable config file", got=got, fix="check the path") from error
    if len(content) > _LARGEST:
        raise ConfigError(subject, expected="at most 2 MiB", got="a larger file", fix="is it the config?")
    try:
        return plain(content.decode("utf-8-sig"))
    except ValueError as error:
        raise ConfigError(subject, expected="YAML or JSON", got=str(error), fix="correct the syntax") from error
