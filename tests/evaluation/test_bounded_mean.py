"""Bets on a bounded mean: the level under skewed distributions on few rows, the interval, and the power beside Student's t."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ntgate.errors import DataError
from ntgate.evaluation.bounded_mean import bounded_mean_p_value, bounded_mean_test, rows_for_bounded_mean

RUNS = 4000


def rare_loss(rng, shape, loss=1.0, often=0.02):
    """Almost always a small gain, and rarely a loss that cancels it: the mean is 0 and most samples see no loss at all."""
    return np.where(rng.random(shape) < often, -loss, loss * often / (1 - often))


def many_ties(rng, shape):
    """Few rows tell the models apart, and a lost one costs five times as much as a gained one."""
    return rng.choice([-1.0, 0.0, 0.2], p=[0.01, 0.94, 0.05], size=shape)


def exponential(rng, shape):
    """Skewed without a gap: gains of any size, losses of one."""
    return np.minimum(rng.exponential(0.2, shape), 1.0) - (1 - math.exp(-5)) / 5


def wide(rng, shape):
    return rng.choice([-1.0, 1.0], size=shape)


@pytest.mark.parametrize("null", [rare_loss, many_ties, exponential, wide])
@pytest.mark.parametrize("n", [10, 30, 100, 400])
def test_worthless_rows_pass_no_more_often_than_the_level_says(null, n):
    rng = np.random.default_rng(n)
    for alpha in (0.05, 0.005):
        rejected = int((bounded_mean_p_value(null(rng, (n, RUNS)), 0.0, alpha) <= alpha).sum())
        assert stats.binomtest(rejected, RUNS, alpha, alternative="greater").pvalue > 0.001


def test_the_normal_test_would_pass_them():
    """The null hypotheses bite: Student's t rejects these far more often than it should."""
    x = rare_loss(np.random.default_rng(0), (30, RUNS))
    assert (stats.ttest_1samp(x, 0.0, alternative="greater").pvalue <= 0.05).mean() > 0.5


def test_a_margin_is_a_hypothesis_like_another():
    rng = np.random.default_rng(1)
    for margin in (-0.1, 0.2):
        x = np.clip(many_ties(rng, (200, RUNS)) + margin, -1, 1)
        assert (bounded_mean_p_value(x, float(x.mean()), 0.05) <= 0.05).mean() <= 0.05 + 3 * math.sqrt(0.05 / RUNS)


def test_the_interval_covers_and_agrees_with_the_p_value():
    rng, runs = np.random.default_rng(2), 120
    missed = np.zeros(2)
    for seed in range(runs):
        x = many_ties(rng, 150)
        (lower, upper), p_value = bounded_mean_test(x, 0.0, 0.05, seed=seed)
        missed += lower > 0, upper < 0
        assert (lower > 0) == (p_value <= 0.05)
    assert (missed / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)).all()


def test_groups_are_units():
    """Every row twice as a pair is no more evidence than once; rows of groups that are alike are not many rows."""
    x = np.random.default_rng(3).normal(0.1, 0.4, 120).clip(-1, 1)
    once = bounded_mean_test(x, 0.0, 0.05, seed=0)
    twice = bounded_mean_test(np.repeat(x, 2), 0.0, 0.05, seed=0, groups=np.repeat(np.arange(120), 2))
    assert twice[0] == pytest.approx(once[0])
    rng, rejected, runs = np.random.default_rng(4), 0, 400
    sizes = rng.integers(2, 12, 25)
    groups = np.repeat(np.arange(25), sizes)
    for seed in range(runs):
        x = rng.choice([-0.5, 0.5], 25)[groups]
        rejected += bounded_mean_test(x, 0.0, 0.05, seed=seed, groups=groups)[1] <= 0.05
    assert rejected / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_it_has_most_of_the_power_of_the_normal_test_where_rows_are_as_wide_as_the_bounds():
    x = np.random.default_rng(5).normal(0.05, 0.4, (400, 1500)).clip(-1, 1)
    bets = (bounded_mean_p_value(x, 0.0, 0.05) <= 0.05).mean()
    student = (stats.ttest_1samp(x, 0.0, alternative="greater").pvalue <= 0.05).mean()
    assert 0.75 < student < 0.85
    assert bets > student - 0.1


def dear(rng, shape):
    """A fifth of the rows gains, and one in fifty loses five times as much."""
    return rng.choice([-1.0, 0.0, 0.2], p=[0.02, 0.78, 0.2], size=shape)


def narrow(rng, shape):
    return rng.normal(0.03, 0.1, shape).clip(-1, 1)


def broad(rng, shape):
    return rng.normal(0.05, 0.4, shape).clip(-1, 1)


@pytest.mark.parametrize("sample", [dear, narrow, broad])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 52])
def test_the_rows_that_it_asks_for_show_the_gain(sample, alpha):
    rng = np.random.default_rng(8)
    known = sample(rng, 200_000)
    n = rows_for_bounded_mean(known.mean(), known.std(), alpha)
    power = (bounded_mean_p_value(sample(rng, (n, 1000)), 0.0, alpha) <= alpha).mean()
    assert 0.5 < power < 0.95


def test_many_rows_cost_little_and_show_a_small_gain():
    x = np.random.default_rng(6).normal(0.01, 0.3, 100_000).clip(-1, 1)
    (lower, upper), p_value = bounded_mean_test(x, 0.0, 0.05, seed=0)
    assert 0.005 < lower < 0.01 < upper < 0.015
    assert p_value < 1e-4


@pytest.mark.parametrize("x", [np.array([0.5, 1.5]), np.array([np.nan]), np.zeros((2, 2)), np.zeros(0)])
def test_what_is_not_bounded_is_refused(x):
    with pytest.raises(DataError, match=r"numbers in \[-1, 1\]"):
        bounded_mean_test(x, 0.0, 0.05, seed=0)
