"""Values that cross a step: frozen models, and references to files by content."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from ntgate.errors import DataError
from ntgate.transport import fetched, remote


class Frozen(BaseModel):
    """Base of every config and every result: immutable, unknown keys refused, NaN and infinity kept as such."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


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
            DataError: if the file is missing or was changed since it was referenced.
            StoreError: if a remote one cannot be fetched.
        """
        if remote(self.path):
            return fetched(self.path, self.sha256)
        path = Path(self.path)
        if not path.is_file():
            raise DataError(self.path, expected="the file an earlier step wrote", got="no such file", fix="run again")
        found = sha256_file(path)
        if found != self.sha256:
            raise DataError(
                self.path, expected=f"sha256 {self.sha256[:12]}", got=found[:12], fix="run again: the file was changed"
            )
        return path


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
