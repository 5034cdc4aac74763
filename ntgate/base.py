"""Values that cross a step: frozen models, and references to files by content."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Mapping
from operator import is_not
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from ntgate.errors import LostError
from ntgate.transport import fetched, remote, sha256_file


class Frozen(BaseModel):
    """Base of every config and every result: immutable, unknown keys refused, NaN and infinity kept as such."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Properties are described by the docstring's ``Attributes:``, which so stand in one place."""
        content = handler(schema)
        described = handler.resolve_ref_schema(content)
        summary, attributes = documented(cls)
        described["description"] = summary
        for name, field in described.get("properties", {}).items():
            text = summary.split("\n\n")[0] if name == "kind" else attributes.get(name)
            if text:
                field.setdefault("description", text)
        return content


def documented(cls: type) -> tuple[str, dict[str, str]]:
    """What a class's docstring says of it, and of each name under ``Attributes:``; inherited ones from the class that has them.

    >>> documented(Artifact)[1]["sha256"]
    'of the content.'
    """
    attributes: dict[str, str] = {}
    for ancestor in reversed(cls.__mro__[:-1]):
        section = inspect.cleandoc(ancestor.__doc__ or "").partition("\nAttributes:\n")[2].split("\n\n")[0]
        entries = re.findall(r"^    (\w+): (.*(?:\n     .*)*)", section, re.MULTILINE)
        attributes |= {name: _plain(" ".join(text.split())) for name, text in entries}
    prose = inspect.cleandoc(cls.__doc__ or "").partition("\nAttributes:\n")[0].strip().split("\n\n")
    return _plain("\n\n".join(part for part in prose if not part.startswith(">>> "))), attributes


def _plain(text: str) -> str:
    return re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text).replace("``", "`")


def _no_truth_value(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("truth_value", "expected a number, got a truth value")
    return value


# Numbers of a config: to Python true is 1, to a user it is a slip; and nothing is told by a number that is none.
# Inside of lists and beside None the range stands before the check, or the JSON Schema loses it.
NUMBER = BeforeValidator(_no_truth_value)
Whole: TypeAlias = Annotated[int, NUMBER]
Real: TypeAlias = Annotated[float, NUMBER, Field(allow_inf_nan=False)]
Positive: TypeAlias = Annotated[float, Field(ge=1e-12, le=1e12, allow_inf_nan=False), NUMBER]
Width: TypeAlias = Annotated[int, Field(gt=0, le=16_384), NUMBER]


F = TypeVar("F")


class Artifact(Frozen):
    """A file by address and content: large things cross a step as this reference, never by value.

    Attributes:
        path: an absolute path, or the address of a store that every stage reaches (see :mod:`ntgate.transport`).
        sha256: of the content.
    """

    path: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Artifact:
        """Reference the file at ``path`` as it is now."""
        return cls(path=str(path.resolve()), sha256=sha256_file(path))

    def verified(self) -> Path:
        """A local path, after checking that the content is still the referenced one; a remote file is fetched once.

        Raises:
            LostError: if the file is missing or was changed since it was referenced.
            StoreError: if a remote one cannot be fetched.
        """
        if remote(self.path):
            return fetched(self.path, self.sha256)
        path = Path(self.path)
        if not path.is_file():
            raise LostError(self.path, expected="the file an earlier step wrote", got="no such file", fix="run again")
        try:
            found = sha256_file(path)
        except OSError as error:
            got = error.strerror or str(error)
            raise LostError(self.path, expected="a file that can be read", got=got, fix="restore it, or run again") from error
        if found != self.sha256:
            raise LostError(self.path, expected=f"sha256 {self.sha256[:12]}", got=found[:12], fix="run again: the file was changed")
        return path


def finite(value: Any) -> Any:
    """Plain values without what JSON has no word for: a number that could not be computed becomes None.

    >>> finite({"p_value": float("nan"), "gains": (0.5, float("inf"))})
    {'p_value': None, 'gains': [0.5, None]}
    """
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def with_files(value: F, change: Callable[[Artifact], Artifact]) -> F:
    """A result with every :class:`Artifact` in it changed, however deep: in models, tuples, lists and mappings.

    >>> class Two(Frozen):
    ...     files: dict[str, Artifact]
    ...     n: int
    >>> two = Two(files={"a": Artifact(path="/a", sha256="0")}, n=1)
    >>> with_files(two, lambda file: file.model_copy(update={"path": "s3:/" + file.path})).files["a"].path
    's3://a'
    """
    changed: Any = value
    if isinstance(value, Artifact):
        changed = change(value)
    elif isinstance(value, BaseModel):
        fields = {name: with_files(field, change) for name, field in value}
        if any(field is not getattr(value, name) for name, field in fields.items()):
            changed = value.model_copy(update=fields)
    elif isinstance(value, dict):
        fields = {name: with_files(field, change) for name, field in value.items()}
        changed = fields if any(field is not value[name] for name, field in fields.items()) else value
    elif isinstance(value, tuple | list):
        parts = [with_files(part, change) for part in value]
        changed = type(value)(parts) if any(map(is_not, parts, value)) else value
    return changed  # type: ignore[no-any-return]
