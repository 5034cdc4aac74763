"""Records: the same row is the same in every format, and another one is another."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pandas as pd
import pytest

from ntgate.data.records import array_records, table_records


def keys(frame: pd.DataFrame) -> list:
    return table_records(frame, "label")[:, 0].tolist()


@pytest.mark.parametrize(
    "values",
    [
        ["1", "2", ""],
        [1.0, 2.0, None],
        [1, 2, None],
        [" 1", "2.0", None],
        [np.float32(1), np.float32(2), np.nan],
        pd.array([1, 2, None], dtype="Int64"),
        pd.array(["1", "2", None], dtype="string"),
        pd.Categorical(["1", "2", None]),
    ],
    ids=str,
)
def test_a_number_is_a_number_however_it_is_written(values):
    assert keys(pd.DataFrame({"a": values})) == keys(pd.DataFrame({"a": [1.0, 2.0, np.nan]}))


def test_files_of_one_table_have_the_same_records():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "f": rng.normal(size=20).astype(np.float32),
            "d": rng.normal(size=20),
            "i": rng.integers(0, 2**40, 20),
            "b": rng.random(20) < 0.5,
            "t": rng.choice(["x", "y ", None], 20),
            "s": pd.date_range("2024-01-31", periods=20),
            "label": rng.choice(["p", "q"], 20),
        }
    )
    text = pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    stored = io.BytesIO()
    frame.to_parquet(stored)
    assert (table_records(text, "label") == table_records(frame, "label")).all()
    assert (table_records(pd.read_parquet(stored)[frame.columns[::-1]], "label") == table_records(frame, "label")).all()
    assert len(set(keys(frame))) == 20


def test_arrays_and_tables_of_the_same_numbers():
    x = np.random.default_rng(0).normal(size=(5, 2, 2))
    table = pd.DataFrame(x.reshape(5, 4), columns=list("abcd")).assign(label=[0, 1, 0, 1, 0])
    y = table["label"].to_numpy()
    assert array_records({"x": x, "y": y})[:, 0].tolist() == keys(table)
    assert array_records({"x": x.astype(np.float32), "y": 1 - y})[:, 0].tolist() == keys(table)
    assert array_records({"x": x, "y": 1 - y})[0, 1] != array_records({"x": x, "y": y})[0, 1]
    assert array_records({"x": -0.0 * x, "y": y})[0, 0] == array_records({"x": 0 * x, "y": y})[0, 0]


def test_what_is_no_number_or_text_has_a_record_too():
    frame = pd.DataFrame({"a": [[1, 2], [1, 2], [3]], "b": [date(2024, 1, 1)] * 3, "c": pd.to_timedelta([1, 1, None], unit="s")})
    first, again, other = keys(frame)
    assert first == again != other
