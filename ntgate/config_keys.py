"""Which keys a config has, and where: what a message has to know to say where a key belongs."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel

Models = list[type[BaseModel]]


def children(root: type[BaseModel], path: tuple[Any, ...], location: tuple[Any, ...] = ()) -> Models:
    """The models that may stand at ``path`` in a config of the form ``root``; of a union the kind that ``location`` names."""
    found: Models = [root]
    for part in path:
        if not isinstance(part, int):
            found = [child for model in found if part in model.model_fields for child in _below(model, part)]
    chosen = [model for model in found if "kind" in model.model_fields and model.model_fields["kind"].default in location]
    return chosen or found


def kinds(root: type[BaseModel], path: tuple[Any, ...]) -> list[str]:
    """The kinds of a union at ``path``; none where there is no union."""
    found = [model for model in children(root, path) if "kind" in model.model_fields]
    return [str(model.model_fields["kind"].default) for model in found]


def places(root: type[BaseModel]) -> dict[str, list[str]]:
    """Every key with the dotted paths below which it may stand, in order; ``""`` is the top."""
    found: dict[str, list[str]] = {}

    def visit(model: type[BaseModel], path: tuple[str, ...], around: tuple[type[BaseModel], ...]) -> None:
        for name in model.model_fields:
            paths = found.setdefault(name, [])
            if ".".join(path) not in paths:
                paths.append(".".join(path))
            for child in _below(model, name):
                if child not in around:
                    visit(child, (*path, name), (*around, child))

    visit(root, (), (root,))
    return found


def _below(model: type[BaseModel], name: str) -> Models:
    field = model.model_fields[name]
    return [child for part in (field.annotation, *field.metadata) for child in _models(part)]


def _models(annotation: Any) -> Models:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if not isinstance(annotation, type) and hasattr(annotation, "shipped"):  # an open union
        return list(annotation.shipped)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, typing.Annotated):
        return [kind for part in typing.get_args(annotation) for kind in _models(part)]
    return []
