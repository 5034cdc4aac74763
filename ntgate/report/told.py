"""What everything that a report tells is made of: plain values, which may not be there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict


def finite(value: Any) -> Any:
    """A report has one word for what is not there: a number that is no number becomes None."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _finite_pair(value: Any) -> Any:
    """An interval with an end that is not there is no interval."""
    ends = value if isinstance(value, Sequence) else ()
    return value if len(ends) == 2 and all(finite(end) is not None for end in ends) else None


Number: TypeAlias = Annotated[float | None, BeforeValidator(finite)]
Interval: TypeAlias = Annotated[tuple[float, float] | None, BeforeValidator(_finite_pair)]


class Told(BaseModel):
    """Base of what a report tells: frozen, and deaf to keys that the report has no place for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def of(cls, result: Mapping[str, Any], **more: Any) -> Self:
        """What a result's fields tell, with ``more`` fields of this class beside them.

        Raises:
            pydantic.ValidationError: if a field has the wrong type.
        """
        return cls.model_validate({**result, **more})
