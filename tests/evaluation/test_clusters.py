"""Tests that respect clusters: against closed forms, and their level by simulation where rows are alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ntgate.errors import DataError
from ntgate.evaluation.bootstrap import paired_bootstrap
from ntgate.evaluation.clusters import cluster_test, effective_clusters, too_few_clusters
from ntgate.evaluation.mcnemar import mcnemar_exact
from ntgate.evaluation.tango import tango_interval
from ntgate.metrics.balanced_accuracy import BalancedAccuracy
from ntgate.metrics.roc_auc import RocAuc


def clustered(rng, clusters, mean, *, correlation=0.1, discordance=0.1, spread=1.0):
    """Differences and groups: clusters of log-normal sizes, each with its own shares of gained and lost rows."""
    sizes = np.maximum(2, rng.lognormal(math.log(20), spread, clusters).astype(int))
    shares = np.array([(discordance + mean) / 2, 1 - discordance, (discordance - mean) / 2])
    own = rng.dirichlet(shares * (1 - correlation) / correlation, clusters)
    rows = [rng.choice([1, 0, -1], size=size, p=p) for size, p in zip(sizes, own, strict=True)]
    return np.concatenate(rows), np.repeat(np.arange(clusters), sizes)


@pytest.mark.parametrize("clusters", [10, 20])
@pytest.mark.parametrize("margin", [0.0, -0.02])
def test_the_level_holds_with_few_unequal_clusters(clusters, margin):
    rng = np.random.default_rng(clusters)
    runs = 800
    found = [cluster_test(*clustered(rng, clusters, margin), margin, 0.05) for _ in range(runs)]
    rejected = np.mean([p_value <= 0.05 for _, p_value in found])
    assert rejected <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)
    assert np.mean([low <= margin <= high for (low, high), _ in found]) >= 0.9 - 2 * math.sqrt(0.09 / runs)
    for (low, _), p_value in found[:200]:
        assert (p_value <= 0.05) <= (low > margin - 1e-9)  # what the p-value shows, the interval shows as well


def test_ignoring_the_clusters_would_break_the_level():
    rng = np.random.default_rng(1)
    draws = [clustered(rng, 20, 0.0, correlation=0.3)[0] for _ in range(400)]
    assert np.mean([mcnemar_exact(int((x > 0).sum()), int((x < 0).sum())) <= 0.05 for x in draws]) > 0.1


def test_power():
    rng = np.random.default_rng(2)
    found = [cluster_test(*clustered(rng, 20, 0.05, correlation=0.05, discordance=0.15), 0.0, 0.05) for _ in range(300)]
    assert np.mean([p_value <= 0.05 for _, p_value in found]) > 0.3


def test_the_statistic_is_the_clustered_mcnemar_test():
    """Durkalski et al. 2003, equation 3: the squared sum of the clusters' differences over the sum of their squares."""
    rng = np.random.default_rng(3)
    x, groups = clustered(rng, 25, 0.05, correlation=0.3)
    totals = np.array([x[groups == k].sum() for k in range(25)])
    expected = stats.t.sf(totals.sum() / np.sqrt((totals**2).sum()), 24)
    rows = mcnemar_exact(int((x > 0).sum()), int((x < 0).sum()))
    assert cluster_test(x, groups, 0.0, 0.05)[1] == pytest.approx(max(expected, rows), rel=1e-9)
    assert expected > rows


def test_the_interval_holds_what_the_test_does_not_refuse():
    x, groups = clustered(np.random.default_rng(4), 15, 0.02, correlation=0.3)
    (low, high), _ = cluster_test(x, groups, 0.0, 0.05)
    assert cluster_test(x, groups, low, 0.05)[1] == pytest.approx(0.05, abs=1e-6)
    assert cluster_test(-x, groups, -high, 0.05)[1] == pytest.approx(0.05, abs=1e-6)
    assert low < x.mean() < high


def test_no_sharper_than_independent_rows():
    """No discordant row: the clusters vary in nothing, and yet a hundred rows cannot rule out a loss of a point."""
    nothing, groups = np.zeros(100, int), np.repeat(np.arange(20), 5)
    (low, high), p_value = cluster_test(nothing, groups, -0.01, 0.05)
    assert (low, high) == pytest.approx(tango_interval(0, 0, 100, 0.05))
    assert p_value > 0.05


def test_too_few_clusters():
    assert too_few_clusters(np.repeat(np.arange(4), 50), 0.05)
    assert too_few_clusters(np.repeat(np.arange(6), 50), 0.05) is None
    assert too_few_clusters(np.repeat(np.arange(10), 50), 0.05 / 52)
    assert too_few_clusters(np.repeat(np.arange(10), [900, *[10] * 9]), 0.05)  # one cluster is nearly everything
    assert too_few_clusters(np.zeros(50), 0.05)
    assert too_few_clusters(np.zeros(0), 0.05)
    for clusters in (1, 4):
        assert cluster_test(np.ones(200), np.arange(200) % clusters, 0.0, 0.05) == ((-1.0, 1.0), 1.0)


def test_effective_clusters_are_those_of_equal_size():
    assert effective_clusters(np.full(7, 13.0)) == pytest.approx(7)
    assert effective_clusters(np.array([])) == 0


@pytest.mark.parametrize(("x", "groups"), [([1, 0, 2], [0, 0, 1]), ([1, 0], [0, 0, 1]), ([math.nan, 0], [0, 1])])
def test_bad_input_is_named(x, groups):
    with pytest.raises(DataError, match="differences, groups"):
        cluster_test(np.array(x, float), np.array(groups), 0.0, 0.05)


def arms(rng, clusters):
    """Labels, groups and the scores of two equal models that are each good in some clusters and bad in others."""
    sizes = np.maximum(2, rng.lognormal(3, 1, clusters).astype(int))
    groups = np.repeat(np.arange(clusters), sizes)
    y, shared = rng.integers(0, 2, len(groups)), rng.normal(size=len(groups))
    good = [0.8 + rng.normal(0, 0.5, clusters)[groups] for _ in range(2)]
    scores = [(2 * y - 1) * skill + 0.7 * shared + rng.normal(0, 0.7, len(groups)) for skill in good]
    return y, groups, [np.stack([-score, score], axis=1) for score in scores]


@pytest.mark.parametrize("metric", [BalancedAccuracy(), RocAuc()], ids=str)
def test_the_bootstrap_of_clusters_holds_its_level(metric):
    rng = np.random.default_rng(5)
    runs, rejected = 250, 0
    for seed in range(runs):
        y, groups, scores = arms(rng, 10)
        settings = {"margin": 0, "alpha": 0.05, "resamples": 300, "seed": seed}
        rejected += paired_bootstrap(metric, y, *scores, groups=groups, **settings).p_value <= 0.05
    assert rejected / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_the_bootstrap_draws_whole_clusters():
    """With every row twice, as clusters of two, the interval is that of half the rows; as rows it would be narrower."""
    rng = np.random.default_rng(6)
    y = rng.integers(0, 2, 150)
    single = [np.eye(2)[np.where(rng.random(150) < right, y, 1 - y)] for right in (0.8, 0.7)]
    settings = {"margin": 0, "alpha": 0.05, "resamples": 4000, "seed": 0}
    once = paired_bootstrap(BalancedAccuracy(), y, *single, **settings)
    y2, double = np.repeat(y, 2), [np.repeat(arm, 2, axis=0) for arm in single]
    pairs = paired_bootstrap(BalancedAccuracy(), y2, *double, groups=np.repeat(np.arange(150), 2), **settings)
    rows = paired_bootstrap(BalancedAccuracy(), y2, *double, **settings)
    assert pairs.interval == pytest.approx(once.interval, abs=0.012)
    assert np.ptp(rows.interval) < 0.85 * np.ptp(pairs.interval)


def test_a_class_that_vanishes_counts_against_either_side():
    """One cluster holds all of class 1: without it ROC AUC is not defined."""
    y = np.repeat([0, 1], [60, 20])
    y[:2] = 1  # the clusters are mixed, so they are drawn without strata
    groups = np.concatenate([np.zeros(2), 1 + np.arange(58) % 5, np.full(20, 6)])
    perfect, none = np.eye(2)[y], np.full((80, 2), 0.5)
    groups[5] = 6
    found = paired_bootstrap(RocAuc(), y, perfect, none, margin=0, alpha=0.05, resamples=500, seed=0, groups=groups)
    assert found.interval == (-1.0, 1.0)
    assert found.p_value > 0.05
