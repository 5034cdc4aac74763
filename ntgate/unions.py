"""Open unions: one of the kinds that ntgate ships, of those that installed packages offer, or a class of one's own.

A mapping's ``kind`` names a shipped class by its own ``kind``, a class that an installed package offers under an entry point of
that name, or any class as ``package.module:Class``. So a config may hold what this package has never heard of, and is checked just
as well.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from ntgate.base import Frozen
from ntgate.credentials import without_credentials

T = TypeVar("T", bound=Frozen)
_LONG = 60
_OWN = "package.module:Class"


@dataclass(frozen=True)
class OpenUnion(Generic[T]):
    """The kinds of one thing, to annotate a field with: ``Annotated[Strategy, STRATEGIES]``.

    Attributes:
        base: what every kind is.
        called: what messages call one, with its article.
        group: name of the entry points by which packages offer more kinds.
        shipped: the classes that ntgate ships.
        bare: whether one without settings is written as its kind alone.
        optional: whether there may be none of them.
    """

    base: Any  # type[T]; abstract, which type checkers refuse
    called: str
    group: str
    shipped: tuple[type[T], ...] = ()
    bare: bool = False
    optional: bool = False

    @cached_property
    def kinds(self) -> dict[str, type[T]]:
        """The shipped classes by kind."""
        return {str(kind.model_fields["kind"].default): kind for kind in self.shipped}

    @property
    def offered(self) -> list[str]:
        """The kinds that installed packages offer."""
        return sorted({entry.name for entry in entry_points(group=self.group)})

    def find(self, kind: str) -> type[T]:
        """The class of a ``kind``.

        Raises:
            PydanticCustomError: when there is none, several packages claim it, or what it names is something else.
        """
        if kind in self.kinds:
            return self.kinds[kind]
        if ":" in kind:
            return self._class(kind, kind)
        offered = [entry for entry in entry_points(group=self.group) if entry.name == kind]
        if not offered:
            known = [*self.kinds, *self.offered]
            close = get_close_matches(kind[:60], known, n=1, cutoff=0.4)
            fix = f"did you mean {close[0]!r}?" if close else "choose one of them" if known else "name the class"
            expected = f"one of {_any_of(known)}" if known else _OWN
            raise _wrong(expected, repr(kind), fix)
        if len({entry.value for entry in offered}) > 1:
            raise _wrong(
                f"one package that offers {kind!r}",
                " and ".join(sorted(_package(entry) for entry in offered)),
                "uninstall one, or write package.module:Class",
            )
        return self._class(offered[0].value, kind)

    def _class(self, path: str, kind: str) -> type[T]:
        module, _, name = path.partition(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except (Exception, SystemExit) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise _wrong(f"{self.called} to import at {path}", said, "correct the path, or install the package") from error
        if not (isinstance(found, type) and issubclass(found, self.base)):
            raise _wrong(
                f"a subclass of {self.base.__module__}.{self.base.__qualname__} at {path}",
                getattr(found, "__name__", repr(found)),
                f"derive {kind} from it",
            )
        if inspect.isabstract(found):
            lacking = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
            raise _wrong(f"{self.called} that has {lacking}", f"{name}, which does not", f"add it to {path}")
        return found

    def _read(self, value: Any) -> T | None:
        return None if value is None and self.optional else self.read(value)

    def read(self, value: Any) -> T:
        """The object that a config's ``value`` describes: an instance as it is, a mapping with its ``kind``, or the kind alone."""
        if isinstance(value, self.base):
            return value  # type: ignore[no-any-return]
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, Mapping) or not isinstance(value.get("kind"), str):
            got = "none in it" if isinstance(value, Mapping) else _shown(value)
            fix = f"add kind, as in {{kind: {next(iter(self.kinds), _OWN)}}}"
            raise _wrong(f"a kind: {_any_of(self.kinds)}", got, fix)
        kind = value["kind"]
        chosen = self.find(kind)
        named = value if kind in self.kinds else {name: v for name, v in value.items() if name != "kind"}
        try:
            return chosen.model_validate(named)
        except ValidationError as error:
            raise _under(kind, error) from None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Read by :meth:`read`; written with the kind by which the class is found again."""
        return core_schema.no_info_plain_validator_function(
            self._read, serialization=core_schema.plain_serializer_function_ser_schema(self._written, info_arg=True)
        )

    def _written(self, value: T | None, info: core_schema.SerializationInfo) -> dict[str, Any] | str | None:
        return None if value is None else self.written(value, mode=info.mode)

    def written(self, value: T, mode: str = "json") -> dict[str, Any] | str:
        """What :meth:`read` finds the object by again."""
        content = value.model_dump(mode=mode)
        if type(value) not in self.shipped:
            content["kind"] = f"{type(value).__module__}:{type(value).__qualname__}"
        if self.bare and value == type(value).model_construct():
            return str(content["kind"])
        return content

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The shipped kinds, by name alone too, and any class by its path or entry point."""
        path = {"anyOf": [{"type": "string", "pattern": ":"}, *([{"enum": self.offered}] if self.offered else [])]}
        where = f"{self.called} that an installed package offers by this name, or a class of one's own, `{_OWN}`."
        own = {"type": "object", "properties": {"kind": {**path, "description": where}}, "required": ["kind"]}
        shipped = [kind.__get_pydantic_json_schema__(kind.__pydantic_core_schema__, handler) for kind in self.shipped]
        complete = [name for name, kind in self.kinds.items() if not any(f.is_required() for f in kind.model_fields.values())]
        names = [{"enum": complete}] if complete else []
        none = [{"type": "null"}] if self.optional else []
        return {"anyOf": [*shipped, *names, path, own, *none]}


def _under(kind: str, error: ValidationError) -> ValidationError:
    """The same problems, at places that begin with the kind, as those of pydantic's own unions do."""
    known = get_args(core_schema.ErrorType)
    found = [
        InitErrorDetails(
            type=problem["type"]
            if problem["type"] in known
            else PydanticCustomError(problem["type"], problem["msg"], problem.get("ctx")),
            loc=(kind, *problem["loc"]),
            input=problem["input"],
            ctx=problem.get("ctx", {}),
        )
        for problem in error.errors(include_url=False)
    ]
    return ValidationError.from_exception_data(error.title, found)


def _any_of(kinds: Iterable[str]) -> str:
    named = ", ".join(kinds)
    return f"{named}, or {_OWN}" if named else _OWN


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def _shown(value: Any) -> str:
    text = without_credentials(repr(value))
    return text if len(text) <= _LONG else text[: _LONG - 3] + "..."


def _wrong(expected: str, got: str, fix: str) -> PydanticCustomError:
    # The text is for whoever validates by hand; the config's own errors are made from the parts.
    context = {"expected": expected, "got": got, "fix": fix}
    return PydanticCustomError("open_union", "expected {expected}, got {got}; {fix}", context)
