"""The paired statistics against independent computations and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn import metrics as sk

from ntgate.evaluation.bootstrap import paired_bootstrap
from ntgate.evaluation.mcnemar import mcnemar_exact
from ntgate.evaluation.tango import tango_interval, tango_p_value, tango_statistic
from ntgate.metrics.accuracy import Accuracy
from ntgate.metrics.balanced_accuracy import BalancedAccuracy
from ntgate.metrics.macro_f1 import MacroF1
from ntgate.metrics.roc_auc import RocAuc


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (0, 5), (8, 2), (30, 30), (120, 80)])
def test_mcnemar_is_the_binomial_test(gained, lost):
    expected = 1.0 if gained + lost == 0 else stats.binomtest(gained, gained + lost, alternative="greater").pvalue
    assert mcnemar_exact(gained, lost) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("discordance", [0.05, 0.2])
@pytest.mark.parametrize("n", [100, 1000])
def test_mcnemar_keeps_its_level(n, discordance):
    rng = np.random.default_rng(0)
    draws = rng.multinomial(n, [discordance / 2, discordance / 2, 1 - discordance], size=4000)
    rejected = np.mean([mcnemar_exact(gained, lost) <= 0.05 for gained, lost, _ in draws])
    assert rejected <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 4000)


@pytest.mark.parametrize(("gained", "lost", "n"), [(12, 2, 30), (5, 5, 200), (0, 3, 50), (40, 10, 300)])
@pytest.mark.parametrize("difference", [-0.3, -0.02, 0.0, 0.05, 0.2])
def test_tango_statistic_uses_the_restricted_likelihood(gained, lost, n, difference):
    """The share of lost rows that maximises the likelihood under the restriction, found by a search."""

    def minus_likelihood(share):
        parts = [(gained, share + difference), (lost, share), (n - gained - lost, 1 - 2 * share - difference)]
        return -sum(count * np.log(max(p, 1e-300)) for count, p in parts if count)

    bounds = (max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12)
    share = optimize.minimize_scalar(minus_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    expected = (gained - lost - n * difference) / np.sqrt(n * (2 * share + difference * (1 - difference)))
    assert tango_statistic(gained, lost, n, difference) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_tango_interval_and_p_value_agree():
    for gained, lost, n in [(12, 2, 30), (40, 30, 500), (3, 9, 100)]:
        lower, upper = tango_interval(gained, lost, n, 0.05)
        assert tango_p_value(gained, lost, n, lower) == pytest.approx(0.05, abs=1e-6)
        assert tango_p_value(gained, lost, n, upper) == pytest.approx(0.95, abs=1e-6)


@pytest.mark.parametrize(("gained", "lost", "n"), [(0.10, 0.06, 150), (0.03, 0.03, 100), (0.2, 0.1, 60)])
def test_tango_interval_covers(gained, lost, n):
    rng = np.random.default_rng(2)
    draws = rng.multinomial(n, [gained, lost, 1 - gained - lost], size=2000)
    intervals = {pair: tango_interval(*pair, n, 0.05) for pair in {(int(won), int(cost)) for won, cost, _ in draws}}
    covered = np.mean([intervals[won, cost][0] <= gained - lost <= intervals[won, cost][1] for won, cost, _ in draws])
    assert covered >= 0.90 - 3 * np.sqrt(0.9 * 0.1 / 2000) - 0.01  # a score interval is approximate at small n


@pytest.mark.parametrize("classes", [2, 4])
def test_metrics_agree_with_scikit_learn(classes):
    rng = np.random.default_rng(3)
    y = rng.integers(0, classes, 300)
    scores = rng.dirichlet(np.ones(classes), 300).round(2) + np.eye(classes)[y] * 0.2
    predicted = scores.argmax(axis=1)
    assert Accuracy().value(y, scores) == pytest.approx(sk.accuracy_score(y, predicted))
    assert BalancedAccuracy().value(y, scores) == pytest.approx(sk.balanced_accuracy_score(y, predicted))
    assert MacroF1().value(y, scores) == pytest.approx(sk.f1_score(y, predicted, average="macro"))
    each = [sk.roc_auc_score(y == k, scores[:, k]) for k in range(classes)]
    assert RocAuc().value(y, scores) == pytest.approx(each[1] if classes == 2 else np.mean(each))


def test_metrics_say_when_they_are_not_defined():
    assert np.isnan(RocAuc().value(np.zeros(4, int), np.eye(2)[[0, 1, 0, 1]]))
    assert np.isnan(Accuracy().value(np.array([0, 1]), np.array([[np.nan, 1.0], [0.0, 1.0]])))


def test_bootstrap_agrees_with_plain_resampling():
    rng = np.random.default_rng(4)
    y = rng.integers(0, 3, 200)
    first, second = (np.eye(3)[np.where(rng.random(200) < right, y, rng.integers(0, 3, 200))] for right in (0.8, 0.6))
    fast = paired_bootstrap(MacroF1(), y, first, second, margin=0, alpha=0.05, resamples=2000, seed=0)
    gains = []
    for _ in range(600):
        rows = np.concatenate([rng.choice(np.flatnonzero(y == k), (y == k).sum()) for k in range(3)])
        gains.append(
            sk.f1_score(y[rows], first[rows].argmax(1), average="macro")
            - sk.f1_score(y[rows], second[rows].argmax(1), average="macro")
        )
    assert fast.interval == pytest.approx(np.quantile(gains, [0.05, 0.95]), abs=0.02)


def test_bootstrap_rarely_promotes_equal_arms():
    rng = np.random.default_rng(5)
    passed = 0
    for seed in range(300):
        y = rng.integers(0, 2, 150)
        arms = [np.eye(2)[np.where(rng.random(150) < 0.8, y, 1 - y)] for _ in range(2)]
        found = paired_bootstrap(BalancedAccuracy(), y, *arms, margin=0, alpha=0.05, resamples=300, seed=seed)
        passed += found.p_value <= 0.05 and found.interval[0] > 0
    assert passed / 300 <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 300)
