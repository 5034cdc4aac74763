"""The unconditional test against brute force; its size over every share of discordant rows; its power beside McNemar's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import beta, binom

from ntgate.errors import DataError
from ntgate.evaluation import unconditional
from ntgate.evaluation.mcnemar import mcnemar_exact
from ntgate.evaluation.tango import tango_p_value, tango_statistic
from ntgate.evaluation.unconditional import OUTSIDE, mcnemar_unconditional, tango_unconditional


def brute_force(gained, lost, n, *, up_to):
    """The same p-value with whole tables of outcomes and many shares; the finer order goes up to so many discordant rows."""
    count, rows = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    possible = np.where(count <= rows, binom.pmf(count, rows, 0.5), 0.0)
    order = np.where(count <= rows, binom.sf(count, rows, 0.5) + possible / 2, 2.0)
    if up_to:
        shares = np.clip(np.arange(n + 1), 0.5, n - 0.5) / n
        values = np.unique(order[count <= rows])
        tails = np.stack([(possible * (order <= value * (1 + 1e-9))).sum(axis=0) for value in values])
        probabilities = tails @ binom.pmf(np.arange(n + 1)[:, None], n, shares[None, :])
        finer = probabilities[np.searchsorted(values, order).clip(0, len(values) - 1), rows]
        order = np.where((count <= rows) & (rows <= up_to), finer, order)
    extreme = (possible * (order <= order[gained, gained + lost] * (1 + 1e-9))).sum(axis=0)
    discordant = gained + lost
    low = beta.ppf(OUTSIDE / 2, discordant, n - discordant + 1)
    high = beta.ppf(1 - OUTSIDE / 2, discordant + 1, n - discordant) if discordant < n else 1.0
    shares = np.linspace(low, high, 2000)[:, None]
    return min(1.0, float((binom.pmf(np.arange(n + 1), n, shares) @ extreme).max()) + OUTSIDE)


@pytest.mark.parametrize(("gained", "lost", "n"), [(3, 0, 40), (8, 2, 40), (10, 12, 40), (40, 0, 40), (0, 4, 40), (7, 5, 120)])
def test_p_value_with_few_rows(gained, lost, n):
    expected = brute_force(gained, lost, n, up_to=n)
    assert mcnemar_unconditional(gained, lost, n) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("gained", "lost"), [(8, 2), (5, 0), (15, 6), (40, 30)])
def test_p_value_with_many_discordant_rows_beside_few(gained, lost, monkeypatch):
    """The order changes at twenty discordant rows instead of five hundred, which brute force can still follow."""
    monkeypatch.setattr(unconditional, "ESTIMATED_UP_TO", 20)
    expected = brute_force(gained, lost, 100, up_to=20)
    assert mcnemar_unconditional(gained, lost, 100) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("gained", "lost"), [(3, 0), (4, 0), (8, 2), (280, 230)])
def test_a_row_more_makes_no_seam(gained, lost):
    """Neither at 500 rows nor at 500 discordant ones."""
    for n in (500, gained + lost + 500):
        if n >= gained + lost:
            before, after = (mcnemar_unconditional(gained, lost, m) for m in (n, n + 1))
            assert after == pytest.approx(before, rel=0.02)
    one, more = mcnemar_unconditional(270, 230, 5000), mcnemar_unconditional(271, 230, 5000)
    assert 0.8 * one < more < one


def test_a_thousand_rows_won_warn_of_nothing():
    """The chance of so many by tossing a coin is 0 as a float64."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mcnemar_unconditional(1400, 0, 4000) == pytest.approx(OUTSIDE)


def passing(n, alpha, test):
    """The smallest significant number of gained rows for each number of discordant rows."""
    answer = []
    for discordant in range(n + 1):
        gained = discordant + 1
        while gained and test(gained - 1, discordant - gained + 1) <= alpha:
            gained -= 1
        answer.append(gained)
    return np.array(answer)


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.05 / 52])
def test_size_and_power(alpha):
    n, discordant = 60, np.arange(61)
    least = passing(n, alpha, lambda gained, lost: mcnemar_unconditional(gained, lost, n))
    shares = np.linspace(0, 1, 1001)[1:, None]
    size = binom.pmf(discordant, n, shares) @ binom.sf(least - 1, discordant, 0.5)
    assert size.max() <= alpha * 1.001
    assert size.max() >= alpha * 0.8
    worse = binom.pmf(discordant, n, shares) @ binom.sf(least - 1, discordant, 0.45)
    assert (worse <= size + 1e-12).all()
    conditional = passing(n, alpha, mcnemar_exact)
    powers = [binom.pmf(discordant, n, shares) @ binom.sf(critical - 1, discordant, 0.75) for critical in (least, conditional)]
    assert (powers[0] >= powers[1] - 1e-9).all()
    assert (powers[0] - powers[1]).max() > 0.02


def test_no_discordant_rows_show_nothing():
    assert mcnemar_unconditional(0, 0, 50) == 1.0
    assert tango_unconditional(0, 0, 0, -0.02) == 1.0
    assert tango_unconditional(0, 0, 30, -0.02) > 0.5  # 55 % of samples of 30 rows have none of 2 %


@pytest.mark.parametrize("bad", [(-1, 0, 10), (6, 5, 10)])
def test_bad_counts_are_named(bad):
    with pytest.raises(DataError, match="counts"):
        mcnemar_unconditional(*bad)


@pytest.mark.parametrize(
    ("gained", "lost", "n", "margin"), [(0, 2, 300, -0.02), (5, 3, 60, -0.1), (0, 0, 80, -0.05), (12, 3, 60, 0.05)]
)
def test_p_value_with_a_margin(gained, lost, n, margin):
    """The largest probability over two thousand shares of an outcome with as large a statistic."""
    observed = tango_statistic(gained, lost, n, margin) - 1e-9
    low = beta.ppf(OUTSIDE / 2, gained + lost, n - gained - lost + 1) if gained + lost else 0.0
    high = beta.ppf(1 - OUTSIDE / 2, gained + lost + 1, n - gained - lost)
    worst = 0.0
    extreme = [
        min([count for count in range(rows + 1) if tango_statistic(count, rows - count, n, margin) >= observed], default=rows + 1)
        for rows in range(n + 1)
    ]
    for share in np.linspace(max(low, abs(margin)), high, 500):
        tails = binom.sf(np.array(extreme) - 1, np.arange(n + 1), (share + margin) / (2 * share))
        worst = max(worst, float(binom.pmf(np.arange(n + 1), n, share) @ tails))
    assert tango_unconditional(gained, lost, n, margin) == pytest.approx(worst + OUTSIDE, rel=5e-3)


@pytest.mark.parametrize(("n", "margin"), [(60, -0.05), (100, -0.02)])
def test_size_with_a_margin(n, margin):
    """Over every share, also with a larger loss than the margin; Tango's own p-value exceeds the level somewhere."""
    discordant = np.arange(n + 1)
    exact = passing(n, 0.05, lambda gained, lost: tango_unconditional(gained, lost, n, margin))
    approximate = passing(n, 0.05, lambda gained, lost: tango_p_value(gained, lost, n, margin))
    sizes = {}
    for name, least in (("exact", exact), ("approximate", approximate)):
        for loss in (margin, 1.5 * margin):
            shares = np.linspace(-loss, 0.9, 400)
            sizes[name, loss] = max(
                float(binom.pmf(discordant, n, share) @ binom.sf(least - 1, discordant, (share + loss) / (2 * share)))
                for share in shares
            )
    assert sizes["exact", margin] <= 0.05 * 1.002
    assert sizes["exact", 1.5 * margin] <= sizes["exact", margin]
    assert sizes["approximate", margin] > 0.05


def test_bad_margin_is_named():
    with pytest.raises(DataError, match="margin"):
        tango_unconditional(1, 1, 10, -1.0)
