"""How many different numbers a column has: ticked off where that is quick, sorted elsewhere, the same in either case."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from ntgate.data.column_seen import _distinct

RNG = np.random.default_rng(0)
COLUMNS = {
    "four decimals": RNG.normal(0, 100, 5000).round(4),
    "two decimals of amounts": RNG.lognormal(3, 1, 5000).round(2),
    "decimals that float32 does not tell apart": 1e5 + RNG.integers(0, 500, 5000) / 1e4,
    "whole numbers": RNG.integers(-300, 300, 5000),
    "whole numbers far apart": RNG.integers(-(10**15), 10**15, 5000),
    "any numbers": RNG.normal(size=5000),
    "whole at first, then none": np.concatenate([np.zeros(200), RNG.normal(size=100), [-0.0]]),
    "decimals at first, then none": np.concatenate([np.arange(200) / 10, [0.05, 1 / 3, 1 / 3]]),
    "seconds": 1.7e9 + RNG.integers(0, 1000, 5000),
    "the largest": np.array([3e38, -3e38, 3e38]),
    "one": np.array([0.5]),
}


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", COLUMNS)
def test_it_is_the_number_of_different_ones(name, kind):
    known = COLUMNS[name].astype(kind)
    assert _distinct(known) == len(np.unique(known))


def test_the_largest_numbers_are_counted_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _distinct(np.array([1e308, -1e308, 1e308])) == 2
