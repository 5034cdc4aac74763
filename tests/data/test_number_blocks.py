"""Blocks of numbers put behind each other, and codes told from numbers by their bytes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ntgate.data.csv_types import _begin_as_codes
from ntgate.data.number_blocks import NumberBlocks


@pytest.mark.parametrize("rows", [0, 3, 6, 100])
def test_blocks_are_what_they_are_joined(rows):
    blocks = [np.array([2**53 + 1, 2]), np.array([], dtype=np.int64), np.array([0.5, np.nan]), np.array([7, 8])]
    for count in range(1, 5):
        column = NumberBlocks(rows)
        for block in blocks[:count]:
            column.add(block)
        joined = np.concatenate(blocks[:count])
        assert column.values.dtype == joined.dtype
        assert np.array_equal(column.values, joined, equal_nan=True)
        assert len(column) == len(joined)


def test_without_a_block_it_is_empty_text():
    assert NumberBlocks(5).values.dtype == object
    assert len(NumberBlocks(5).values) == 0


def test_codes_are_found_among_the_bytes_wherever_an_array_begins():
    cells = ["0", "00", "+01", "-0.5", "-", "+", "", None, "10", "0x", "-0", "5" * 18, "-" + "5" * 18, "0"]
    expected = [False, True, True, False, False, False, False, False, False, False, False, False, True, False]
    for start in range(len(cells)):
        part = pa.array(cells, pa.string()).slice(start)
        assert _begin_as_codes(part).tolist() == expected[start:]
    assert _begin_as_codes(pa.array([], pa.string())).tolist() == []
    assert _begin_as_codes(pa.array(["", None, ""], pa.string())).tolist() == [False] * 3
