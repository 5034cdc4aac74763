"""Proxy A-distance, the report, and the Evidently page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ntgate.data.domain import Domain
from ntgate.errors import DataError
from ntgate.report.evidently_report import _frames, drift_html
from ntgate.shift import proxy_a_distance
from ntgate.shift.config import ShiftConfig
from ntgate.shift.report import measure


def test_distance_of_domains_that_are_far_apart_is_two_and_of_equal_ones_near_zero():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    assert proxy_a_distance(x, rng.normal(size=(300, 4)) + 9).distance == 2.0
    near = proxy_a_distance(x, rng.normal(size=(300, 4)))
    assert near.interval[0] <= near.distance <= near.interval[1]
    assert near.distance < 0.35


def test_distance_agrees_with_the_bayes_error_of_two_gaussians():
    """One unit apart, the best linear classifier errs with probability Phi(-1/2) = 0.3085."""
    rng = np.random.default_rng(1)
    found = proxy_a_distance(rng.normal(size=(2000, 1)), rng.normal(size=(2000, 1)) + 1)
    assert found.error == pytest.approx(0.3085, abs=0.02)
    assert found.distance == pytest.approx(2 * (1 - 2 * 0.3085), abs=0.08)


def test_a_distance_needs_rows():
    with pytest.raises(DataError, match="at least 5 rows each"):
        proxy_a_distance(np.zeros((3, 2)), np.zeros((9, 2)))


def test_report_tells_shifted_from_equal_domains():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 5)).astype(np.float32)
    config = ShiftConfig(permutations=199)
    moved = measure(x, x[:200] + 1, config, 0, representation="raw")
    same = measure(x[:200], x[200:], config, 0, representation="raw")
    assert moved.significant
    assert moved.sentence.startswith("A ")
    assert not same.significant
    assert "No shift shown" in same.sentence


def test_evidently_page_has_the_columns_in_their_order_and_says_what_is_left_out(tmp_path):
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 40)).astype(np.float32)
    y = x[:100].copy()
    y[:, 37] += 3
    page = drift_html(Domain("source", x, None), Domain("target", y, None), tmp_path / "drift.html")
    text = page.read_text(encoding="utf-8")
    assert "x29" in text
    assert "x37" not in text
    assert "200 of 200 source rows, 100 of 100 target rows, and the first 30 of 40 columns: 10 are left out." in text
    assert "<html" in text.lower()


def test_evidently_shows_texts_as_they_are_compared(tmp_path):
    numbers = [f"{i / 7:.2f}" for i in range(100)]
    rows = pd.DataFrame({"price": ["?", *numbers[1:]], "colour": ["red", "blue"] * 50, "mixed": np.arange(100.0)})
    other = rows.assign(mixed=rows["mixed"].astype(int).astype(str))
    first, second = _frames(Domain("source", rows, None), Domain("target", other, None))
    assert [frame["price"].dtype.kind for frame in (first, second)] == ["f", "f"]
    assert [frame["mixed"].dtype.kind for frame in (first, second)] == ["f", "f"]
    assert first["colour"].tolist() == rows["colour"].tolist()
