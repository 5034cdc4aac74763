"""The exact sign test: its level and power by simulation, and by other computations of the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from ntgate.evaluation import sign_test

ALPHA = 0.05


@pytest.mark.parametrize("m", [1, 4, 5, 17, 60])
def test_one_look_is_the_binomial_test(m):
    (bound,) = sign_test.bounds([m], [ALPHA])
    assert bound == next(g for g in range(m + 2) if binom.sf(g - 1, m, 0.5) <= ALPHA)
    for gained in (bound, max(bound - 1, 0), m // 2):
        if gained <= m:
            assert sign_test.p_value([gained], [m], [1.0]) == pytest.approx(
                binomtest(gained, m, alternative="greater").pvalue, abs=1e-9
            )


@pytest.mark.parametrize(("budget", "looks"), [(40, 1), (40, 5), (100, 10), (7, 5)])
def test_all_looks_together_keep_the_level(budget, looks):
    rng, runs = np.random.default_rng(budget + looks), 20_000
    positions = sign_test.look_positions(budget, looks)
    bounded = sign_test.bounds(positions, sign_test.spent_by(positions, budget, ALPHA))
    gained = np.cumsum(rng.random((runs, budget)) < 0.5, axis=1)[:, np.array(positions) - 1]
    crossed = int((gained >= np.array(bounded)).any(axis=1).sum())
    assert binom.sf(crossed - 1, runs, ALPHA) > 1e-4  # not more often than alpha, but by chance
    exact = sign_test.chance_to_pass(0, 0, positions, bounded, 0.5)
    assert exact <= ALPHA
    assert binomtest(crossed, runs, exact).pvalue > 1e-4


@pytest.mark.parametrize(("first", "differ"), [(1, 1), (12, 12), (12, 40), (40, 40), (30, 200), (150, 600)])
def test_labels_looked_at_as_they_come_keep_the_level_however_many_are_asked_for(first, differ):
    positions = sign_test.positions_of_all(first, differ)
    spent = sign_test.spent_as_they_come(positions, first, differ, ALPHA)
    assert {first, differ} <= set(positions)
    assert list(spent) == sorted(spent)
    assert spent[-1] == pytest.approx(ALPHA)
    bounded = sign_test.bounds(positions, spent)
    assert sign_test.chance_to_pass(0, 0, positions, bounded, 0.5) <= ALPHA + 1e-12
    rng, runs = np.random.default_rng(differ), 10_000
    gained = np.cumsum(rng.random((runs, differ)) < 0.5, axis=1)[:, np.array(positions) - 1]
    crossed = int((gained >= np.array(bounded)).any(axis=1).sum())
    assert binom.sf(crossed - 1, runs, ALPHA) > 1e-4


def test_labels_looked_at_as_they_come_see_as_much_as_one_look_and_more_than_bets():
    from ntgate.evaluation.betting import log_wealths

    rng, runs, n, chance = np.random.default_rng(1), 2_000, 60, 0.66
    gained = np.cumsum(rng.random((runs, n)) < chance, axis=1)
    positions = sign_test.positions_of_all(n, n)
    bounded = sign_test.bounds(positions, sign_test.spent_as_they_come(positions, n, n, ALPHA))
    seen = float((gained >= np.array(bounded)).any(axis=1).mean())
    counts = np.stack([gained, 0 * gained, np.arange(1, n + 1) - gained], axis=2).reshape(-1, 3)
    bets = float((log_wealths(counts).reshape(runs, n) >= -np.log(ALPHA)).any(axis=1).mean())
    assert seen > sign_test.power(n, 1.0, chance, ALPHA) - 0.03
    assert seen > bets + 0.2


@pytest.mark.parametrize("looks", [1, 5])
@pytest.mark.parametrize(("discordance", "gain"), [(0.1, 0.03), (0.05, 0.03), (0.2, 0.04)])
def test_the_labels_that_are_said_have_the_power_that_is_said(discordance, gain, looks):
    chance = (1 + gain / discordance) / 2
    needed = sign_test.labels_needed(1.0, chance, ALPHA, looks)
    rng, runs = np.random.default_rng(int(1000 * discordance)), 4_000
    positions = sign_test.look_positions(needed, looks)
    bounded = sign_test.bounds(positions, sign_test.spent_by(positions, needed, ALPHA))
    gained = np.cumsum(rng.random((runs, needed)) < chance, axis=1)[:, np.array(positions) - 1]
    passed = int((gained >= np.array(bounded)).any(axis=1).sum())
    said = sign_test.power(needed, 1.0, chance, ALPHA, looks)
    assert said >= 0.8
    assert min(sign_test.power(n, 1.0, chance, ALPHA, looks) for n in range(needed - 3, needed)) < 0.8
    assert binomtest(passed, runs, said).pvalue > 1e-4


def test_labels_that_decide_are_a_fraction_of_random_ones():
    """The figures of the design: gains of 3 points at 10 % and 5 % of disagreement."""
    assert sign_test.labels_needed(1.0, 0.65, ALPHA) == 76
    assert sign_test.labels_needed(1.0, 0.80, ALPHA) == 18


def test_a_confidence_bound_agrees_with_clopper_and_pearson():
    low = sign_test.least_chance([14], [20], [ALPHA])
    assert low == pytest.approx(binomtest(14, 20, alternative="greater").proportion_ci(1 - ALPHA).low, abs=1e-6)


def test_nothing_is_shown_without_a_deciding_row():
    assert sign_test.bounds([0, 0], [0.01, ALPHA]) == (1, 1)
    assert sign_test.p_value([0], [0], [1.0]) == 1.0
