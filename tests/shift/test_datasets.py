"""Datasets in memory become comparable rows, or one sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from ntgate.data.domain import Domain
from ntgate.errors import DataError
from ntgate.shift.config import ShiftConfig
from ntgate.shift.datasets import domains, rows_of
from ntgate.shift.report import measure

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), RNG.normal(size=(40, 3)) + 1


def frame(rows: int, **more) -> pd.DataFrame:
    return pd.DataFrame({"u": RNG.normal(size=rows), "w": ["a", "b"] * (rows // 2), **more})


def test_every_form_of_the_same_numbers_gives_the_same_rows():
    expected = rows_of(*domains(X.astype(np.float32), Y.astype(np.float32)))
    for form in (
        lambda rows: torch.from_numpy(rows).float().requires_grad_(),
        lambda rows: pd.DataFrame(rows, columns=["p", "q", "r"], index=range(7, 7 + len(rows))),
        lambda rows: Domain("anything", rows.astype(np.float32), np.zeros(len(rows), np.int64), ("only",)),
        lambda rows: rows.astype(np.float32).reshape(len(rows), 3, 1),
    ):
        found = rows_of(*domains(form(X), form(Y)))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_text_becomes_a_column_a_category_and_new_categories_count():
    first, second = rows_of(*domains(frame(20), frame(10).assign(w=["b", "new"] * 5)))
    assert first.shape == (20, 4)  # u, a, b, new
    assert first[:, 1:].sum(axis=0).tolist() == [10, 10, 0]
    assert second[:, 1:].sum(axis=0).tolist() == [0, 5, 5]


def test_columns_are_matched_by_name():
    one = frame(10)
    first, second = rows_of(*domains(one, one[["w", "u"]]))
    np.testing.assert_array_equal(first, second)


def test_missing_numbers_in_a_frame_are_imputed_and_marked():
    first, _ = rows_of(*domains(frame(10).assign(u=[np.nan, *range(9)]), frame(10).assign(w="a")))
    assert first.shape == (10, 4)  # u, its mark, a, b
    assert first[:, 1].tolist() == [1] + [0] * 9
    assert np.isfinite(first).all()


def test_wide_numbers_keep_their_digits():
    """Seconds since 1970 that move by half a minute: float32 would round to two minutes."""
    times = 1.7e9 + RNG.uniform(0, 30, size=(400, 1))
    moved = measure(*rows_of(*domains(times, times[:200] + 30)), ShiftConfig(permutations=99), 0, representation="raw")
    assert moved.outcome == "shift"
    assert moved.proxy_a_distance == pytest.approx(2, abs=0.1)
    first, _ = rows_of(*domains(times.astype(np.int64), times.astype(np.int64)))
    np.testing.assert_array_equal(first, times.astype(np.int64))


def test_pixels_and_half_precision():
    pixels = RNG.integers(0, 256, size=(20, 4, 4, 3)).astype(np.uint8)
    first, second = rows_of(*domains(pixels, pixels[:10].astype(np.float16)))
    assert first.shape == (20, 48)
    np.testing.assert_array_equal(first[:10], second)
    half = torch.from_numpy(X).to(torch.bfloat16)
    assert rows_of(*domains(half, X))[0] == pytest.approx(X, rel=1e-2)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([[1.0]] * 9, X, ["dataset: expected a DataFrame, an array or tensor", "got a list"]),
        (X, None, ["comparison_dataset: expected a DataFrame", "got a NoneType"]),
        (X, X[:, 0], ["comparison_dataset: expected numbers of shape (n, ...)", "(60,)", "reshape(-1, 1)"]),
        (X, X[:4], ["comparison_dataset: expected at least 5 rows to measure, got 4"]),
        (X[:0], X, ["dataset: expected at least 5 rows to measure, got 0"]),
        (X, X[:, :0], ["comparison_dataset: expected numbers of shape (n, ...)"]),
        (X, X[:, :2], ["comparison_dataset: expected rows of shape (3,)", "got (2,)"]),
        (X.astype(str), X, ["dataset: expected numbers"]),
        (X.astype(complex), X, ["dataset: expected numbers"]),
        (X, np.where(np.arange(60)[:, None] < 2, np.nan, X), ["comparison_dataset: expected finite", "in 2 rows"]),
        (X, frame(10), ["comparison_dataset: expected rows of the kind of the dataset (array), got table"]),
        (frame(10), frame(10).drop(columns="w"), ["comparison_dataset: expected the columns", "without w"]),
        (frame(10), frame(10).assign(u="text"), ["comparison_dataset: u: expected numbers"]),
        (frame(10), frame(10).assign(u=np.inf), ["comparison_dataset: u: expected numbers within float32"]),
        (frame(10).rename(columns={"u": "w"}), frame(10), ["dataset: expected at least one column", "w twice"]),
        (frame(10)[[]], frame(10), ["dataset: expected at least one column", "got no column"]),
    ],
)
def test_what_cannot_be_compared(first, second, words):
    with pytest.raises(DataError) as told:
        domains(first, second)
    for part in words:
        assert part in str(told.value)


def test_a_report_names_the_domain_that_is_too_small():
    with pytest.raises(DataError, match="target: expected at least 5 rows to measure, got 4"):
        measure(X, X[:4], ShiftConfig(), 0, representation="raw")
