"""Puts the config's settings into the reference, from its JSON Schema; called by mkdocs."""

from __future__ import annotations

import json
from typing import Any

from ntgate.config import RunConfig

MARK = "<!-- config -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with a section and a table for each part of the config in the place of the mark."""
    return markdown.replace(MARK, reference()) if MARK in markdown else markdown


def reference() -> str:
    """Every property of the schema: its name, default and description."""
    sections = dict(_sections(RunConfig.model_json_schema(), "The config"))
    return "\n\n".join(sections.values())


def _sections(part: Any, title: str):
    if isinstance(part, list):
        for one in part:
            yield from _sections(one, title)
    elif isinstance(part, dict):
        title = part.get("title", title)
        named = part.get("properties")
        if isinstance(named, dict) and "title" in part:
            yield title, _section(part, named)
        for one in part.values():
            yield from _sections(one, title)


def _section(part: dict[str, Any], named: dict[str, Any]) -> str:
    kind = named.get("kind", {}).get("const")
    heading = f"## {part['title']}" + (f" (`kind: {kind}`)" if kind else "")
    rows = [
        f"| `{name}` | {_default(name, one, part)} | {' '.join(one['description'].split()).replace('|', chr(92) + '|')} |"
        for name, one in named.items()
        if name != "kind"
    ]
    table = ["| setting | default | what it is |", "| --- | --- | --- |", *rows] if rows else []
    return "\n".join([heading, "", part.get("description", ""), "", *table])


def _default(name: str, one: dict[str, Any], part: dict[str, Any]) -> str:
    if name in part.get("required", ()):
        return "*required*"
    value = one.get("default")
    text = json.dumps(value)
    return f"`{text}`" if len(text) <= 40 else "below"
