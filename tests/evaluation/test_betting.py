"""The betting test: a supermartingale exactly, its level at any stopping time, its power beside the test that looks once."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import integrate

from ntgate.errors import DataError
from ntgate.evaluation.betting import BETS, betting_p_value, confidence_sequence, log_wealth, log_wealths
from ntgate.evaluation.power import power_at, rows_needed

MARGINS = [-0.3, -0.02, 0.0, 0.01, 0.4]


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("before", [(0, 0, 0), (7, 40, 3), (0, 5, 9)])
def test_the_expected_wealth_never_grows_under_the_hypothesis(margin, before):
    wealth = math.exp(log_wealth(*before, margin))
    for p_gained, p_lost in itertools.product(np.linspace(0, 1, 11), repeat=2):
        if p_gained + p_lost > 1:
            continue
        shares = (p_gained, 1 - p_gained - p_lost, p_lost)
        after = [math.exp(log_wealth(*(np.array(before) + step), margin)) for step in np.eye(3, dtype=int)]
        expected = float(np.dot(shares, after))
        if p_gained - p_lost <= margin + 1e-12:
            assert expected <= wealth * (1 + 1e-9)
        else:
            assert expected > wealth  # and where the mean is larger, betting pays
    on_the_boundary = (max(margin, 0) + 0.1, 1 - abs(margin) - 0.2, max(-margin, 0) + 0.1)
    assert np.dot(on_the_boundary, after) == pytest.approx(wealth, rel=1e-9)


@pytest.mark.parametrize("margin", MARGINS)
def test_the_wealth_is_the_mean_over_the_bets(margin):
    rows = np.repeat([1.0, 0.0, -1.0], [12, 30, 5])
    each = [np.prod(1 + share / (1 + margin) * (rows - margin)) for share in BETS]
    assert log_wealth(12, 30, 5, margin) == pytest.approx(math.log(np.mean(each)), rel=1e-9)
    assert log_wealths(np.array([[12, 30, 5], [0, 0, 0]]), margin)[1] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("gained", "tied", "lost", "margin"), [(30, 200, 20, 0.0), (400, 9000, 330, 0.0), (40, 900, 45, -0.03)])
def test_the_grid_is_close_to_the_continuous_mixture(gained, tied, lost, margin):
    """The bets' prior is uniform in the logarithm; the integral over it, by adaptive quadrature."""

    def wealth(log_share):
        bet = math.exp(log_share) / (1 + margin)
        return math.exp(
            gained * math.log1p(bet * (1 - margin)) + tied * math.log1p(-bet * margin) + lost * math.log1p(-bet * (1 + margin))
        )

    low, high = math.log(0.01), math.log(0.99)
    exact = integrate.quad(wealth, low, high, limit=500, points=np.linspace(low, high, 40)[1:-1])[0] / (high - low)
    assert log_wealth(gained, tied, lost, margin) == pytest.approx(math.log(exact), abs=0.1)


@pytest.mark.parametrize(("margin", "shares"), [(0.0, (0.05, 0.9, 0.05)), (-0.02, (0.05, 0.88, 0.07)), (0.03, (0.08, 0.87, 0.05))])
def test_the_level_holds_for_whoever_looks_after_every_row(margin, shares):
    rng = np.random.default_rng(0)
    streams, rows = 1000, 1200
    rejected = 0
    for _ in range(streams):
        counts = np.cumsum(rng.multinomial(1, shares, size=rows), axis=0)
        rejected += log_wealths(counts, margin).max() >= math.log(20)
    assert rejected / streams <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / streams)


def test_power_beside_the_test_that_looks_once():
    """Looking at any time costs rows: where a single look sees the gain with 80 % betting does less often, on three times more."""
    n = rows_needed(0.07, 0.03, 0.05)
    rng = np.random.default_rng(1)
    once, later = (np.mean(log_wealths(rng.multinomial(rows, (0.07, 0.9, 0.03), size=2000)) >= math.log(20)) for rows in (n, 3 * n))
    assert once == pytest.approx(power_at(n, 0.07, 0.03, 0.05, bets=True), abs=3 * math.sqrt(0.25 / 2000))
    assert 0.2 < once < power_at(n, 0.07, 0.03, 0.05)
    assert later > 0.9


def test_counts_of_batches_are_added_up():
    rng = np.random.default_rng(2)
    batches = rng.multinomial(100, (0.06, 0.9, 0.04), size=5)
    rows = np.concatenate([np.repeat([1.0, 0.0, -1.0], batch) for batch in batches])
    each = [np.log1p(share * rows).sum() for share in BETS]
    assert log_wealth(*batches.sum(axis=0)) == pytest.approx(np.log(np.mean(np.exp(each))), rel=1e-9)


@pytest.mark.parametrize("counts", [(60, 900, 25), (3, 40, 9), (0, 50, 0), (12, 0, 1)])
def test_the_sequence_holds_the_margins_that_no_bet_refuses(counts):
    gained, tied, lost = counts
    lower, upper = confidence_sequence(*counts, 0.05)
    assert lower < (gained - lost) / sum(counts) < upper
    assert betting_p_value(*counts, lower + 1e-6) >= 0.05 > betting_p_value(*counts, lower - 1e-6)
    assert betting_p_value(lost, tied, gained, -upper + 1e-6) >= 0.05 > betting_p_value(lost, tied, gained, -upper - 1e-6)
    wealths = [log_wealth(*counts, margin) for margin in np.linspace(-0.99, 0.99, 200)]
    assert (np.diff(wealths) <= 1e-9).all()


def test_no_rows_say_nothing():
    assert confidence_sequence(0, 0, 0, 0.05) == pytest.approx((-1.0, 1.0), abs=1e-8)
    assert betting_p_value(0, 0, 0) == 1.0


def test_the_sequence_covers_at_all_times_at_once():
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(500):
        counts = np.cumsum(rng.multinomial(20, (0.08, 0.87, 0.05), size=40), axis=0)
        above = log_wealths(counts, 0.03).max() >= math.log(20)
        below = log_wealths(counts[:, ::-1], -0.03).max() >= math.log(20)
        missed += above or below
    assert missed / 500 <= 0.10 + 2 * math.sqrt(0.1 * 0.9 / 500)


@pytest.mark.parametrize("bad", [(-1, 0, 0, 0.0), (1, 2, 3, 1.0), (1, 2, 3, -1.0), (1, 2, 3, math.nan)])
def test_bad_input_is_named(bad):
    with pytest.raises(DataError, match="expected"):
        log_wealth(*bad)
