"""Shared bins: nothing is lost, nothing far out spoils them, and both samples are counted alike."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntgate.errors import DataError
from ntgate.report.category_shares import MISSING, OTHERS, category_shares
from ntgate.report.histogram import MOST, histogram

values = st.one_of(
    st.floats(-1e12, 1e12), st.just(float("nan")), st.integers(-5, 5).map(float), st.floats(-1e-12, 1e-12), st.floats(-1e300, 1e300)
)
samples = st.lists(values, min_size=1, max_size=60).map(np.array)


@settings(max_examples=300, deadline=None)
@given(samples, samples)
def test_every_value_is_counted_once(x, y):
    if np.isnan(x).all() and np.isnan(y).all():
        return
    found = histogram(x, y)
    edges = np.array(found.edges)
    assert 1 <= len(found.source) == len(found.target) == len(edges) - 1 <= MOST
    assert (np.diff(edges) > 0).all()
    for at, (sample, counts) in enumerate(((x, found.source), (y, found.target))):
        assert sum(counts) + found.below[at] + found.above[at] + found.missing[at] == len(sample)
        assert found.missing[at] == np.isnan(sample).sum()
        inside = [
            int(((sample >= low) & ((sample < high) | ((sample == high) & (high == edges[-1])))).sum())
            for low, high in itertools.pairwise(edges)
        ]
        assert list(counts) == inside


@settings(max_examples=100, deadline=None)
@given(samples, samples)
def test_swapping_the_samples_swaps_the_counts(x, y):
    if np.isnan(x).all() and np.isnan(y).all():
        return
    one, other = histogram(x, y), histogram(y, x)
    assert one.edges == other.edges
    assert (one.source, one.target, one.below, one.above, one.missing) == (
        other.target,
        other.source,
        other.below[::-1],
        other.above[::-1],
        other.missing[::-1],
    )


def test_the_width_is_that_of_freedman_and_diaconis():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=600)
    expected = len(np.histogram_bin_edges(x, bins="fd")) - 1
    assert 8 < expected < 40
    assert len(histogram(x, x).source) == expected
    few, many = histogram(x[:20], x[:20]), histogram(rng.uniform(size=10**6), x)
    assert (len(few.source), len(many.source)) == (8, 40)


@pytest.mark.parametrize("broken", [1e9, -1e9, 9999.0])
def test_a_broken_reading_does_not_press_the_others_into_one_bin(broken):
    rng = np.random.default_rng(1)
    for n in (10, 20, 1000):
        x = np.append(rng.normal(size=n), broken)
        found = histogram(x, rng.normal(size=n))
        assert found.edges[-1] - found.edges[0] < 20
        assert (found.above if broken > 0 else found.below)[0] >= 1
        assert sum(found.source) >= n - 1
        assert sum(count > 0 for count in found.source) >= 4


def test_a_target_far_away_is_in_the_bins():
    rng = np.random.default_rng(2)
    found = histogram(rng.normal(size=500), rng.normal(size=500) + 100)
    assert sum(found.target) == 500
    assert sum(found.source) == 500


def test_values_that_are_nearly_all_equal():
    x = np.zeros(1000)
    x[:3] = 7.5
    found = histogram(x, np.zeros(10))
    assert (found.edges[0], found.edges[-1]) == (0, 7.5)
    assert (sum(found.source), found.source[0]) == (1000, 997)


@pytest.mark.parametrize("value", [0.0, -3.0, 0.1, 1e-300, 1e9, 1e17, -1e300, 5e-324])
def test_a_constant_has_one_bin(value):
    found = histogram(np.full(5, value), np.full(4, value))
    assert (found.source, found.target) == ((5,), (4,))
    assert found.edges[0] < value < found.edges[1]


def test_the_least_difference_is_none():
    assert histogram(np.array([0.0, 5e-324]), np.array([0.0])).source == (2,)


def test_whole_numbers_lie_in_the_middle_of_bins():
    rng = np.random.default_rng(3)
    found = histogram(rng.integers(0, 6, 200), rng.integers(2, 8, 200))
    assert found.edges == tuple(np.arange(-0.5, 8))
    wide = histogram(rng.integers(0, 1000, 500), rng.integers(0, 1000, 500))
    widths = np.diff(wide.edges)
    assert len(widths) <= MOST
    assert (widths == 25).all()
    assert all(edge % 1 == 0.5 for edge in wide.edges)
    flags = histogram(np.array([True, False, True]), np.array([False]))
    assert (flags.source, flags.target) == ((1, 2), (1, 0))


@pytest.mark.parametrize(
    ("x", "y", "named"),
    [
        ([], [1.0], "x"),
        ([1.0], [[1.0]], "y"),
        ([1.0, np.inf], [1.0], "x"),
        ([1.0], [-1e301], "y"),
        (["a"], [1.0], "x"),
        ([np.nan], [np.nan], "x and y"),
    ],
)
def test_bad_input_is_named(x, y, named):
    with pytest.raises(DataError, match=f"^{named}:"):
        histogram(np.array(x), np.array(y))


def test_shares_are_those_of_a_count():
    rng = np.random.default_rng(4)
    x, y = rng.choice(list("abcdefghijkl"), 500), rng.choice(list("abcxyz"), 90)
    found = {share.name: (share.source, share.target) for share in category_shares(x, y, most=50)}
    assert found == {name: ((x == name).mean(), (y == name).mean()) for name in set(x) | set(y)}
    few = category_shares(x, y, most=4)
    assert [share.name for share in few][-1] == OTHERS
    assert len(few) == 5
    assert {"x", "y", "z"} <= {share.name for share in few}  # new in the target
    for side in ("source", "target"):
        assert sum(getattr(share, side) for share in few) == pytest.approx(1)


def test_missing_values_are_one_value():
    import pandas as pd

    found = category_shares(["", None, float("nan"), np.float32("nan"), pd.NA, "a"], pd.Series(["a", "b"], dtype=object))
    assert {share.name: share.source for share in found} == {MISSING: pytest.approx(5 / 6), "a": pytest.approx(1 / 6), "b": 0}


@pytest.mark.parametrize(("arguments", "named"), [(([], ["a"]), "x"), ((["a"], []), "y"), ((["a"], ["a"], 0), "most")])
def test_bad_categories_are_named(arguments, named):
    x, y, *most = arguments
    with pytest.raises(DataError, match=f"^{named}:"):
        category_shares(x, y, **({"most": most[0]} if most else {}))
