"""What the config says of columns, where tables are read stretch by stretch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ntgate.data.column_form import ColumnRead
from ntgate.errors import ConfigError, DataError
from ntgate.shift.config import ShiftConfig
from ntgate.shift.streamed.table_shift import table_shift

CONFIG = ShiftConfig(permutations=99)


@pytest.fixture
def tables(tmp_path):
    """Equal tables, but for an id that rises from one to the other and -999 for no age in the target alone."""
    rng = np.random.default_rng(0)
    for place, name in enumerate(("source", "target")):
        age = rng.normal(40, 10, 400)
        age[: 120 * place] = -999
        pd.DataFrame({"id": np.arange(400) + 400 * place, "age": age}).to_parquet(tmp_path / f"{name}.parquet")
    return str(tmp_path / "source.parquet"), str(tmp_path / "target.parquet")


def test_a_column_that_is_ignored_moves_nothing_and_a_mark_is_no_value(tables):
    said = {"id": ColumnRead(kind="ignore"), "age": ColumnRead(kind="number", missing=("-999",))}
    (age,) = table_shift(*tables, CONFIG, columns=said).features
    assert (age.name, age.missing) == ("age", (0.0, pytest.approx(0.3)))
    assert age.mean[1] == pytest.approx(40, abs=2)
    assert {feature.name for feature in table_shift(*tables, CONFIG).features} == {"id", "age"}


def test_what_cannot_be_heeded_is_refused(tables):
    with pytest.raises(ConfigError, match=r"data\.columns\.id: expected number, boolean or ignore, for --workers, got category"):
        table_shift(*tables, CONFIG, columns={"id": ColumnRead(kind="category")})
    with pytest.raises(DataError, match="did you mean 'age'"):
        table_shift(*tables, CONFIG, columns={"agee": ColumnRead(kind="number")})
