"""Every property of the config's schema says what it is, in the words of its class's docstring."""

from collections.abc import Iterator
from typing import Any

from ntgate.config import RunConfig


def properties(part: Any, title: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, list):
        for one in part:
            yield from properties(one, title)
    elif isinstance(part, dict):
        title = part.get("title", title)
        if isinstance(named := part.get("properties"), dict):
            yield from ((f"{title}.{name}", content) for name, content in named.items())
        for one in part.values():
            yield from properties(one, title)


def test_every_property_is_described():
    every = list(properties(RunConfig.model_json_schema()))
    names = {name for name, _ in every}
    assert {"RunConfig.seed", "FineTuning.kind", "ForestPool.trees", "Transformers.pooling", "Slice.by"} <= names
    assert [name for name, content in every if len(content.get("description", "")) < 10] == []


def test_descriptions_are_prose():
    for name, content in properties(RunConfig.model_json_schema()):
        text = content["description"]
        assert not any(mark in text for mark in ("``", ":class:", ">>>", "Attributes:")), name
