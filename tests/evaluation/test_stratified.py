"""Balanced accuracy with rare classes: the likeliest hypothesis, the level by simulation; the minima of the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from ntgate.evaluation.enough_rows import least_disagreements
from ntgate.evaluation.stratified import likeliest, stratified_p_value, stratified_test
from ntgate.metrics.balanced_accuracy import BalancedAccuracy
from ntgate.metrics.macro_f1 import MacroF1
from ntgate.metrics.roc_auc import RocAuc
from ntgate.metrics.tested import Pair


@pytest.mark.parametrize(
    ("gained", "lost", "rows", "margin"),
    [([10, 0], [0, 0], [250, 5], 0.0), ([30, 4, 2], [5, 1, 0], [250, 40, 9], 0.0), ([3, 3], [3, 2], [90, 60], -0.02)],
)
def test_the_likeliest_shares_are_those_of_a_search(gained, lost, rows, margin):
    b, c, n = (np.array(counts, float) for counts in (gained, lost, rows))
    won, gone = likeliest(b, c, n, margin)
    assert (won - gone).mean() == pytest.approx(margin, abs=1e-9)

    def unlikely(shares):
        won, gone = np.split(np.clip(shares, 1e-12, 1), 2)
        rest = np.clip(1 - won - gone, 1e-12, 1)
        return -float((b * np.log(won) + c * np.log(gone) + (n - b - c) * np.log(rest)).sum())

    # A search that allows a little more of the difference than there is, as its tolerance does, can be a little likelier.
    found = optimize.minimize(
        unlikely,
        np.full(2 * len(n), 0.05),
        method="SLSQP",
        bounds=[(0, 1)] * (2 * len(n)),
        options={"ftol": 1e-14, "maxiter": 1000},
        constraints={"type": "ineq", "fun": lambda s: margin - (s[: len(n)] - s[len(n) :]).mean()},
    )
    assert unlikely(np.concatenate([won, gone])) <= found.fun + 1e-3


@pytest.mark.parametrize(
    ("rows", "gained", "lost"),
    [
        ((250, 5), (0.1, 0.1), (0.1, 0.1)),
        ((250, 5), (0.05, 0.025), (0.025, 0.05)),  # the common class gains what the rare one loses
        ((250, 20), (0.1, 0.1), (0.1, 0.1)),
        ((250, 5), (0.4, 0.4), (0.4, 0.4)),
        ((60, 60, 60), (0.05, 0.05, 0.05), (0.05, 0.05, 0.05)),
        ((5, 5), (0.3, 0.1), (0.1, 0.3)),
    ],
)
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 52])
def test_the_level_is_kept_with_rare_classes(rows, gained, lost, alpha):
    rng, n, size = np.random.default_rng(0), np.array(rows), 1500 if alpha == 0.05 else 4000
    shares = np.column_stack([gained, lost, 1 - np.array(gained) - np.array(lost)])
    kinds, numbers = np.unique(rng.multinomial(n, shares, size=(size, len(n))), axis=0, return_counts=True)
    passed = 0
    for table, number in zip(kinds, numbers.tolist(), strict=True):
        b, c = table[:, 0], table[:, 1]
        if ((b - c) / n).mean() <= (1 if alpha == 0.05 else 2) * np.sqrt(((b + c + 1) / n**2).sum()) / len(n):
            continue  # far from significant
        tables = 1000 if alpha == 0.05 else 10_000
        passed += number * (stratified_p_value(b, c, n, 0.0, tables=tables, seed=passed) <= alpha)
    assert passed / size <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / size)


def test_interval_and_p_value_agree_and_power_is_that_of_the_bootstrap_where_classes_are_large():
    b, c, n = np.array([30, 24]), np.array([14, 10]), np.array([300, 200])
    interval, p_value = stratified_test(b, c, n, 0.0, 0.05, resamples=5000, seed=0)
    assert interval[0] > 0
    assert p_value == pytest.approx(0.001, abs=0.002)
    assert stratified_test(c, b, n, 0.0, 0.05, resamples=5000, seed=0)[0][1] < 0
    assert stratified_test(b, c, n, interval[0], 0.05, resamples=20_000, seed=1)[1] == pytest.approx(0.05, abs=0.015)


def test_identical_models_show_nothing_and_rule_out_a_loss_only_on_many_rows():
    none, rows = np.zeros(2, int), np.array([300, 300])
    assert stratified_test(none, none, rows, 0.0, 0.05, resamples=1000, seed=0)[1] > 0.3
    assert stratified_test(none, none, rows, -0.02, 0.05, resamples=1000, seed=0)[1] <= 0.05
    assert stratified_test(none, none, np.array([300, 10]), -0.02, 0.05, resamples=1000, seed=0)[1] > 0.05


def too_few(metric, *arms, margin=0.0, alpha=0.05, **more):
    return metric.too_few(Pair(*arms, **more), margin=margin, alpha=alpha)


@pytest.mark.parametrize("metric", [MacroF1(), RocAuc()], ids=str)
def test_the_bootstrap_is_not_asked_below_its_minima(metric):
    least = metric.minima.least_rows(0.05)
    y = np.repeat([0, 1], [400, least])
    right, wrong = np.eye(2)[y], np.eye(2)[1 - y]
    assert too_few(metric, y, right, wrong) is None
    assert f"class number 1 has {least} test rows" in too_few(metric, y, right, wrong, alpha=0.05 / 52)
    alike = right.copy()
    alike[-3:] = wrong[-3:]
    expected = f"disagree on 0 test rows of class number 0; at level 0.05 a bootstrap of {metric} needs 11"
    assert expected in too_few(metric, y, right, alike)
    assert least_disagreements(0.05) == 11


def test_groups_count_instead_of_rows_and_many_rows_that_agree_speak_against_a_loss():
    y = np.repeat([0, 1], [200, 200])
    right = np.eye(2)[y]
    assert "has 10 groups" in too_few(BalancedAccuracy(), y, right, 1 - right, groups=np.arange(400) % 10)
    f1 = MacroF1()
    assert too_few(f1, y, right, right, margin=-0.02) is None  # 150 rows would have shown a loss of 2 %
    assert too_few(f1, y, right, right, margin=-0.01) is not None
    guess = np.eye(2)[np.zeros(400, int)]
    assert too_few(f1, y, right, guess) is not None
    assert too_few(f1, y, right, guess, constant=True) is None
