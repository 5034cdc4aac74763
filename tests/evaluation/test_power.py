"""Power and numbers of rows against brute force, simulation and published approximations."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy.stats import binom

from ntgate.errors import DataError
from ntgate.evaluation.betting import betting_p_value
from ntgate.evaluation.power import power_at, rows_needed, smallest_visible_gain
from ntgate.evaluation.tango import tango_p_value
from ntgate.evaluation.unconditional import mcnemar_unconditional


def p_value(gained, lost, n, margin, *, bets=False):
    if bets:
        return betting_p_value(gained, n - gained - lost, lost, margin)
    if margin:
        return tango_p_value(gained, lost, n, margin)
    return binom.sf(gained, gained + lost, 0.5) + binom.pmf(gained, gained + lost, 0.5) / 2  # the mid-p-value


def brute_force(n, p_gained, p_lost, passes):
    """The power as a sum over every table of ``n`` rows."""
    total = 0.0
    for discordant in range(n + 1):
        share = binom.pmf(discordant, n, p_gained + p_lost)
        gained = np.arange(discordant + 1)
        each = binom.pmf(gained, discordant, p_gained / (p_gained + p_lost))
        total += share * sum(p for count, p in zip(gained, each, strict=True) if passes(count, discordant - count))
    return total


@pytest.mark.parametrize(("n", "p_gained", "p_lost"), [(40, 0.2, 0.1), (60, 0.1, 0.0), (50, 0.6, 0.4)])
@pytest.mark.parametrize("margin", [0.0, -0.1, 0.05])
@pytest.mark.parametrize("bets", [False, True])
def test_power_is_the_sum_over_all_tables(n, p_gained, p_lost, margin, bets):
    def passes(gained, lost):
        return p_value(int(gained), int(lost), n, margin, bets=bets) <= 0.05

    assert power_at(n, p_gained, p_lost, 0.05, margin, bets=bets) == pytest.approx(
        brute_force(n, p_gained, p_lost, passes), abs=1e-9
    )


@pytest.mark.parametrize(("n", "p_gained", "p_lost"), [(100, 0.075, 0.025), (300, 0.065, 0.035), (1000, 0.035, 0.015)])
def test_the_power_is_that_of_the_gate(n, p_gained, p_lost):
    """The unconditional test's own power, over every number of discordant rows that occurs."""
    discordance, total, gained = p_gained + p_lost, 0.0, 0
    spread = 4 * math.sqrt(n * discordance)
    for discordant in range(max(0, int(n * discordance - spread)), int(n * discordance + spread)):
        gained = max(gained, (discordant + 1) // 2)  # more discordant rows never ask for fewer gained ones
        while gained <= discordant and mcnemar_unconditional(gained, discordant - gained, n) > 0.05:
            gained += 1
        total += binom.pmf(discordant, n, discordance) * binom.sf(gained - 1, discordant, p_gained / discordance)
    assert power_at(n, p_gained, p_lost, 0.05) == pytest.approx(total, abs=0.012)


@pytest.mark.parametrize(("p_gained", "p_lost", "margin"), [(0.10, 0.06, 0.0), (0.05, 0.05, -0.02)])
def test_power_agrees_with_simulation(p_gained, p_lost, margin):
    draws = np.random.default_rng(1).multinomial(700, [p_gained, p_lost, 1 - p_gained - p_lost], size=4000)
    tables = {(int(gained), int(lost)) for gained, lost, _ in draws}
    p_values = {table: p_value(*table, 700, margin) for table in tables}
    simulated = np.mean([p_values[int(gained), int(lost)] <= 0.05 for gained, lost, _ in draws])
    assert power_at(700, p_gained, p_lost, 0.05, margin) == pytest.approx(simulated, abs=3 * math.sqrt(0.25 / 4000))


@pytest.mark.parametrize(("p_gained", "p_lost"), [(0.10, 0.05), (0.55, 0.45), (0.03, 0.0), (0.6, 0.3)])
def test_from_the_rows_needed_on_the_power_never_falls_below(p_gained, p_lost):
    needed = rows_needed(p_gained, p_lost, 0.05)
    assert power_at(needed - 1, p_gained, p_lost, 0.05) < 0.8
    assert min(power_at(n, p_gained, p_lost, 0.05) for n in range(needed, 3 * needed)) >= 0.8


@pytest.mark.parametrize(("p_gained", "p_lost", "alpha"), [(0.10, 0.05, 0.05), (0.3, 0.1, 0.05 / 52), (0.06, 0.0, 0.01)])
def test_bets_take_more_rows(p_gained, p_lost, alpha):
    needed = rows_needed(p_gained, p_lost, alpha, bets=True)
    assert power_at(needed - 1, p_gained, p_lost, alpha, bets=True) < 0.8
    assert min(power_at(n, p_gained, p_lost, alpha, bets=True) for n in range(needed, 2 * needed)) >= 0.8
    assert rows_needed(p_gained, p_lost, alpha) < needed
    gain = smallest_visible_gain(needed, p_gained + p_lost, alpha, bets=True)
    assert gain == pytest.approx(p_gained - p_lost, abs=1e-3)


@pytest.mark.parametrize(("p_gained", "p_lost", "margin"), [(0.05, 0.05, -0.02), (0.10, 0.05, 0.01)])
def test_rows_needed_for_a_margin(p_gained, p_lost, margin):
    needed = rows_needed(p_gained, p_lost, 0.05, margin=margin)
    assert power_at(needed - 1, p_gained, p_lost, 0.05, margin) < 0.8
    assert min(power_at(n, p_gained, p_lost, 0.05, margin) for n in range(needed, needed + 400)) >= 0.799


def test_rows_needed_are_near_the_published_approximations():
    """Connor 1987, equation 3, and for equal arms the margin's formula ``(z_a + z_b)^2 discordance / margin^2``."""
    connor = ((1.6449 * math.sqrt(0.15) + 0.8416 * math.sqrt(0.15 - 0.05**2)) / 0.05) ** 2
    assert rows_needed(0.10, 0.05, 0.05) == pytest.approx(connor, rel=0.02)
    assert rows_needed(0.05, 0.05, 0.05, margin=-0.02) == pytest.approx((1.6449 + 0.8416) ** 2 * 0.1 / 0.02**2, rel=0.03)
    assert rows_needed(0.0502, 0.0498, 0.05) == pytest.approx((1.6449 + 0.8416) ** 2 * 0.1 / 0.0004**2, rel=1e-3)


def test_no_gain_needs_no_number():
    assert rows_needed(0.05, 0.05, 0.05) is None
    assert rows_needed(0.05, 0.08, 0.05, margin=-0.02) is None
    assert rows_needed(0.05, 0.04, 0.05, margin=0.02) is None


@pytest.mark.parametrize(("n", "discordance", "margin"), [(1000, 0.1, 0.0), (300, 0.3, 0.0), (800, 0.1, -0.02)])
def test_the_smallest_visible_gain_is_where_the_power_is_reached(n, discordance, margin):
    gain = smallest_visible_gain(n, discordance, 0.05, margin=margin)
    for gained, expected in ((gain, True), (gain - 1e-4, False)):
        shares = (discordance + gained) / 2, (discordance - gained) / 2
        assert (power_at(n, *shares, 0.05, margin) >= 0.8 - 1e-9) is expected


def test_too_few_rows_show_no_gain():
    assert smallest_visible_gain(0, 0.1, 0.05) is None
    assert smallest_visible_gain(20, 0.05, 0.05) is None


def test_a_hundred_thousand_rows_answer_at_once():
    power_at(10, 0.1, 0.05, 0.05)  # imports
    start = time.process_time()
    assert rows_needed(0.102, 0.0985, 0.05) > 90_000
    assert smallest_visible_gain(100_000, 0.2, 0.05) == pytest.approx(0.0035, abs=0.0005)
    assert 0.7 < power_at(100_000, 0.1, 0.1, 0.05, -0.0035) < 0.9
    assert time.process_time() - start < 2  # about 0.3 s; the bound is for busy machines


@pytest.mark.parametrize("bad", [(-0.1, 0.1, 0.05), (0.6, 0.6, 0.05), (0.1, 0.1, 0.0), (math.nan, 0.1, 0.05)])
def test_bad_input_is_named(bad):
    with pytest.raises(DataError, match="expected"):
        rows_needed(*bad)
