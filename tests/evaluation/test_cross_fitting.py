"""Pooled cross-fitting: its rules against hand-made ones, its level with real learners, and where it is known to fail."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError

from ntgate.errors import DataError
from ntgate.evaluation.clusters import cluster_test
from ntgate.evaluation.cross_fitting import cross_fitted_test
from ntgate.evaluation.mcnemar import mcnemar_exact
from ntgate.evaluation.tango import tango_interval, tango_p_value
from ntgate.gate.config import CrossFitting


def test_one_repeat_is_the_test_of_its_rows():
    x = np.repeat([1, 0, -1], [14, 80, 4])[None]
    assert cross_fitted_test(x, 0.0, 0.05) == (tango_interval(14, 4, 98, 0.05), mcnemar_exact(14, 4))
    assert cross_fitted_test(x, -0.02, 0.05)[1] == tango_p_value(14, 4, 98, -0.02)


@pytest.mark.parametrize("repeats", [2, 3, 4, 5])
def test_the_median_counts_twice(repeats):
    rng = np.random.default_rng(repeats)
    x = rng.choice([1, 0, -1], size=(repeats, 150), p=[0.12, 0.82, 0.06])
    each = sorted(mcnemar_exact(int((row > 0).sum()), int((row < 0).sum())) for row in x)
    (lower, upper), p_value = cross_fitted_test(x, 0.0, 0.05)
    assert p_value == pytest.approx(min(1.0, 2 * each[math.ceil(repeats / 2) - 1]))
    assert cross_fitted_test(x, lower, 0.05)[1] == pytest.approx(0.05, abs=1e-6)
    assert cross_fitted_test(-x, -upper, 0.05)[1] == pytest.approx(0.05, abs=1e-6)


def test_twice_the_median_holds_under_the_worst_dependence():
    """Three p-values, each uniform, of which two are small together as often as can be."""
    rng = np.random.default_rng(0)
    u, alpha = rng.random(200_000), 0.05
    pairs = np.array([[0, 1], [0, 2], [1, 2]])[rng.integers(0, 3, len(u))]
    p_values = np.repeat((alpha / 2 + (1 - alpha / 2) * rng.random(len(u)))[:, None], 3, axis=1)
    small = u < 1.5 * alpha / 2  # two of three are below alpha / 2: the three together are so alpha / 2 of the time each
    rows = np.flatnonzero(small)
    for column in pairs[rows].T:
        p_values[rows, column] = alpha / 2 * rng.random(len(rows))
    assert np.mean(p_values[:, 0] <= alpha / 2) == pytest.approx(alpha / 2, rel=0.05)
    rejected = np.mean(2 * np.median(p_values, axis=1) <= alpha)
    assert 0.7 * alpha < rejected <= alpha


def test_clusters_are_respected():
    x = np.random.default_rng(1).choice([1, 0, -1], size=(1, 200), p=[0.15, 0.8, 0.05])
    groups = np.arange(200) // 10
    assert cross_fitted_test(x, 0.0, 0.05, groups) == cluster_test(x[0], groups, 0.0, 0.05)


def ridge(x, y, prior):
    """A linear classifier drawn towards ``prior``."""
    target = 2.0 * y - 1
    return prior + np.linalg.solve(x.T @ x + 5 * np.eye(x.shape[1]), x.T @ (target - x @ prior))


def test_the_level_with_a_real_learner():
    """Ridge with a prior of no use beside ridge without: the lower limit is rarely above the fold pairs' true gain."""
    rng = np.random.default_rng(2)
    runs, n, d, folds, above = 200, 60, 10, 5, 0
    for _ in range(runs):
        truth, prior = rng.normal(size=(2, d)) / math.sqrt(d)
        x, far = rng.normal(size=(n, d)), rng.normal(size=(4000, d))
        y, far_y = ((rows @ truth * 2 + rng.logistic(size=len(rows)) > 0).astype(int) for rows in (x, far))
        fold, found, true = rng.permutation(n) % folds, np.zeros(n), []
        for k in range(folds):
            out = fold == k
            models = [ridge(x[~out], y[~out], start) for start in (0.3 * prior, np.zeros(d))]
            right, far_right = (
                [(rows @ model > 0) == answer for model in models] for rows, answer in ((x[out], y[out]), (far, far_y))
            )
            found[out] = right[0].astype(int) - right[1]
            true.append(far_right[0].mean() - far_right[1].mean())
        above += cross_fitted_test(found[None], 0.0, 0.05)[0][0] > np.mean(true)
    assert above / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def majority_beaten_by_a_coin(rng, n, *, stratified):
    """Differences of a coin and of the majority of the training rows, on labels that are a coin themselves: no gain in truth."""
    y, coin = rng.integers(0, 2, (2, n))
    fold = rng.permutation(n) % 10
    if stratified:
        for label in (0, 1):
            rows = np.flatnonzero(y == label)
            fold[rows] = rng.permutation(len(rows)) % 10
    answers = np.array([2 * y[fold != k].sum() > (fold != k).sum() for k in range(10)])[fold]
    return (coin == y).astype(int) - (answers == y)


def test_folds_must_be_stratified():
    """The known failure: without strata the fold left out has fewer rows of the majority, and a coin seems to beat it."""
    rng = np.random.default_rng(3)
    wrong = [
        np.mean(
            [cross_fitted_test(majority_beaten_by_a_coin(rng, 40, stratified=kept)[None], 0.0, 0.05)[1] <= 0.05 for _ in range(400)]
        )
        for kept in (False, True)
    ]
    assert wrong[0] > 0.06 > wrong[1]
    assert wrong[1] <= 0.05


@pytest.mark.parametrize("bad", [np.zeros(5), np.zeros((0, 5)), np.full((1, 3), 2)])
def test_bad_input_is_named(bad):
    with pytest.raises(DataError, match="differences"):
        cross_fitted_test(bad, 0.0, 0.05)


def test_three_divisions_hold_the_level_where_training_is_not_stable():
    """Forty rows with random labels: a ridge classifier beside one nearest neighbour, the worst pair that was found."""
    passed = dict.fromkeys((1, 3), 0)
    draws = 400
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(40, 20)), rng.integers(0, 2, 40)
        differences = np.zeros((3, 40), int)
        for division in differences:
            fold = np.empty(40, int)
            order = np.argsort(y + rng.random(40) / 2)  # of each class in turn
            fold[order] = np.arange(40) % 5
            for held in range(5):
                train, test = fold != held, fold == held
                middle, signs = x[train].mean(axis=0), 2 * y[train] - 1
                centred = x[train] - middle
                weights = np.linalg.solve(centred.T @ centred + 100 * np.eye(20), centred.T @ (signs - signs.mean()))
                ridge = (x[test] - middle) @ weights + signs.mean() > 0
                nearest = y[train][((x[test][:, None] - x[train][None]) ** 2).sum(axis=2).argmin(axis=1)]
                division[test] = (ridge == y[test]).astype(int) - (nearest == y[test])
        for repeats in passed:
            passed[repeats] += cross_fitted_test(differences[:repeats], 0.0, 0.05)[1] <= 0.05
    assert passed[3] / draws <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / draws)
    assert passed[3] < passed[1]


@pytest.mark.parametrize("repeats", [1, 2])
def test_fewer_divisions_are_refused_with_the_reason(repeats):
    with pytest.raises(ValidationError, match=r"at least 3 divisions: .* 8\.7 % of simulations"):
        CrossFitting(repeats=repeats)
