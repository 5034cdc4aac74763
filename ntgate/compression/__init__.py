"""Compression after the choice: adding a method is one file and one line in this union."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from ntgate.compression.distillation import Distillation
from ntgate.compression.pruning import Pruning
from ntgate.compression.quantisation import Quantisation

AnyCompression: TypeAlias = Annotated[Distillation | Pruning | Quantisation, Field(discriminator="kind")]
_Written: TypeAlias = AnyCompression | Literal["distillation", "pruning", "quantisation"]


def _as_list(value: Any) -> Any:
    """A single method, by its kind or with its settings, stands for a list of one."""
    listed = [value] if isinstance(value, str | Mapping) else value
    if not isinstance(listed, list | tuple):
        return listed
    return [{"kind": item} if isinstance(item, str) else item for item in listed]


def _in_order(methods: tuple[AnyCompression, ...]) -> tuple[AnyCompression, ...]:
    kinds = [method.kind for method in methods]
    if len(set(kinds)) < len(kinds):
        raise ValueError(f"each method once, got {', '.join(kinds)}")
    if "quantisation" in kinds[:-1]:
        raise ValueError(f"quantisation last, since nothing can be trained after it, got {', '.join(kinds)}")
    return methods


Compressions: TypeAlias = Annotated[
    tuple[AnyCompression, ...],
    BeforeValidator(_as_list, json_schema_input_type=_Written | list[_Written]),
    AfterValidator(_in_order),
]
