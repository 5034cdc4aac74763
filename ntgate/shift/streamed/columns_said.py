"""What a config says of columns, as far as it can be heeded where a table is read stretch by stretch: they are numbers there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ntgate.data.column_form import ColumnRead
from ntgate.errors import ConfigError


def as_numbers(said: Mapping[str, ColumnRead]) -> tuple[list[str], dict[str, tuple[float, ...]]]:
    """The columns that are ignored, and the numbers that mean no value, by column.

    Raises:
        ConfigError: where a column is said to be a category, a date or a text.

    >>> as_numbers({"id": ColumnRead(kind="ignore"), "age": ColumnRead(kind="number", missing=(-999, "?"))})
    (['id'], {'age': (-999.0,)})
    """
    for name, told in said.items():
        if told.kind not in ("number", "boolean", "ignore"):
            raise ConfigError(
                f"data.columns.{name}",
                expected="number, boolean or ignore, for --workers",
                got=told.kind,
                fix="leave out --workers, or say ignore",
            )
    ignored = [name for name, told in said.items() if told.kind == "ignore"]
    gone = {name: tuple(filter(np.isfinite, map(_number, told.missing))) for name, told in said.items() if told.kind != "ignore"}
    return ignored, {name: numbers for name, numbers in gone.items() if numbers}


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:  # a word that no column of numbers holds
        return float("nan")
