"""MMD against brute force in float64, its level by simulation, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from ntgate.errors import DataError
from ntgate.shift import mmd_test


def brute(x: np.ndarray, y: np.ndarray, width: float, estimator: str) -> float:
    """The definition, with the whole kernel matrix."""
    pooled = np.concatenate([x, y]).astype(np.float64)
    kernel = np.exp(-((pooled[:, None] - pooled[None]) ** 2).sum(axis=2) / (2 * width**2))
    n, m = len(x), len(y)
    first, second, across = kernel[:n, :n], kernel[n:, n:], kernel[:n, n:]
    if estimator == "biased":
        return first.mean() + second.mean() - 2 * across.mean()
    return (first.sum() - n) / (n * (n - 1)) + (second.sum() - m) / (m * (m - 1)) - 2 * across.mean()


@pytest.mark.parametrize("estimator", ["unbiased", "biased"])
@pytest.mark.parametrize(("n", "m", "d"), [(60, 45, 3), (2, 5, 1), (300, 20, 10)])
def test_agrees_with_brute_force(n, m, d, estimator):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(m, d)) + 0.5
    found = mmd_test(x, y, bandwidths=[1.3], estimator=estimator, permutations=19)
    assert found.statistic == pytest.approx(brute(x, y, 1.3, estimator), rel=1e-5, abs=1e-7)


def test_the_articles_example():
    """Two Gaussians, means (0, 0) and (2, 2): for a kernel of width 1 the exact MMD^2 is 0.4909."""
    rng = np.random.default_rng(0)
    values = [
        mmd_test(rng.normal(size=(100, 2)), rng.normal(size=(100, 2)) + 2, bandwidths=[1.0], permutations=1).statistic
        for _ in range(200)
    ]
    assert np.mean(values) == pytest.approx(0.4909, abs=0.01)


@pytest.mark.parametrize("scheme", ["rows", "bins"])
def test_level_and_uniform_p_values(scheme):
    rng = np.random.default_rng(1)
    p_values = []
    for seed in range(400):
        rows = rng.normal(size=(90, 2)).round(1)  # ties
        rows[10:20] = rows[:10]  # duplicated rows
        rng.shuffle(rows)
        p_values.append(mmd_test(rows[:50], rows[50:], permutations=99, scheme=scheme, seed=seed).p_value)
    rejected = np.mean(np.array(p_values) <= 0.05)
    assert abs(rejected - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 400)
    jittered = np.array(p_values) - rng.random(400) / 100
    assert stats.kstest(jittered, "uniform").pvalue > 0.001


def test_bins_keep_level_where_they_hold_many_rows():
    rng = np.random.default_rng(2)
    p_values = [
        mmd_test(rng.normal(size=(1500, 2)), rng.normal(size=(1100, 2)), permutations=99, scheme="bins", seed=seed).p_value
        for seed in range(300)
    ]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / 300)


def test_power_on_a_change_the_mean_does_not_show():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 2))
    y = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], 300)
    assert mmd_test(x, y).p_value <= 0.01


def test_power_where_the_median_bandwidth_sees_nothing():
    """A grid of blobs, each turned from round to long: the median distance is that of the grid."""
    rng = np.random.default_rng(8)
    found = []
    for seed in range(20):
        x, y = (10.0 * rng.integers(0, 5, (500, 2)) for _ in range(2))
        x += rng.normal(size=x.shape)
        y += rng.multivariate_normal([0, 0], [[1, 0.85], [0.85, 1]], 500)
        found.append([mmd_test(x, y, bandwidths=widths, seed=seed).p_value <= 0.05 for widths in (None, [27.0])])
    several, median = np.mean(found, axis=0)
    assert several >= 0.8
    assert median <= 0.3


def test_rounding_decides_without_favour():
    """One row of 800 differs: every relabelling has the same statistic, up to rounding, and none of them is special."""
    x = np.zeros((400, 2))
    p_values = []
    for seed in range(60):
        y = x.copy()
        y[seed] = 1
        p_values.append(mmd_test(x, y, bandwidths=[0.25, 0.5, 1, 2, 4], permutations=99, seed=seed).p_value)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.15


def test_rows_too_far_apart_for_the_bandwidth_are_refused_not_passed_over():
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 2))
    x[0], y[0] = 1e30, 1e31
    with pytest.raises(DataError, match="x and y: expected rows within 1e18 bandwidths"):
        mmd_test(x, y)


@pytest.mark.parametrize(("n", "scheme"), [(700, "auto"), (150, "rows"), (5000, "auto")])
def test_same_seed_same_result_whatever_the_threads(n, scheme):
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(n, 8)), rng.normal(size=(n - 100, 8)) + 0.05
    before = torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(mmd_test(x, y, seed=7, scheme=scheme))
    finally:
        torch.set_num_threads(before)
    assert results[0].p_value == results[1].p_value
    assert results[0].statistic == pytest.approx(results[1].statistic, rel=1e-9)


def test_effect_size_runs_from_none_to_all():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(300, 3))
    same, far = (mmd_test(x, rng.normal(size=(300, 3)) + by) for by in (0, 20))
    assert same.effect_size < 0.02
    assert far.effect_size > 0.3
    assert far.effect_interval[0] < far.effect_size < far.effect_interval[1]


@pytest.mark.parametrize(("n", "m", "scheme"), [(60, 40, "rows"), (500, 400, "bins"), (2000, 60, "bins")])
def test_the_interval_of_the_effect_size_covers_it(n, m, scheme):
    """Two Gaussians, means 0 and (1/2, 1/2), a kernel of width 3/2: the coefficient is known in closed form."""
    alike = 1.5**2 / (1.5**2 + 2)
    across = alike * np.exp(-0.5 / (2 * (1.5**2 + 2)))
    truth = (alike - across) / (1 - across)
    covered = []
    for seed in range(150):
        rng = np.random.default_rng([seed, n])
        x, y = rng.normal(size=(n, 2)), rng.normal(size=(m, 2)) + 0.5
        found = mmd_test(x, y, bandwidths=[1.5], scheme=scheme, permutations=9, seed=seed)
        covered.append(found.effect_interval[0] <= truth <= found.effect_interval[1])
    assert np.mean(covered) >= 0.95 - 3.3 * np.sqrt(0.05 * 0.95 / 150)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"x": np.full((5, 2), np.nan)}, "x: expected at least two finite rows"),
        ({"y": np.full((5, 2), np.inf)}, "y: expected at least two finite rows"),
        ({"x": np.zeros((1, 2))}, "x: expected at least two finite rows"),
        ({"y": np.zeros((5, 3))}, "y: expected rows of width 2 as in x"),
        ({"x": np.ones((5, 2)), "y": np.ones((5, 2))}, "x and y: expected rows that differ"),
        ({"x": np.array([["a", "b"]] * 4, dtype=object)}, "x: expected at least two finite rows of numbers"),
        ({"permutations": 0}, "permutations: expected at least 1"),
        ({"bandwidths": [0.0]}, "bandwidths: expected positive kernel widths"),
    ],
)
def test_bad_input_names_the_argument(arguments, part):
    rng = np.random.default_rng(6)
    with pytest.raises(DataError) as caught:
        mmd_test(**{"x": rng.normal(size=(5, 2)), "y": rng.normal(size=(6, 2)), **arguments})
    assert part in str(caught.value)
