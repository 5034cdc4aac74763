"""The gain over seeds: its variance against simulation and special cases, its coverage with three and five seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ntgate.errors import DataError
from ntgate.evaluation.seeds import bootstrapped_gain_over_seeds, gain_over_seeds
from ntgate.metrics.accuracy import Accuracy
from ntgate.metrics.balanced_accuracy import BalancedAccuracy

GAIN, DISCORDANCE = 0.02, 0.12


def differences(rng, seeds, n, between):
    """Paired differences of several seeds: half of the rows' outcomes are common to all pairs, each seed has its own mean."""
    common, own = rng.random(n), rng.normal(0, between, seeds)
    drawn = np.where(rng.random((seeds, n)) < 0.5, common, rng.random((seeds, n)))
    gained, lost = ((DISCORDANCE + sign * (GAIN + own)) / 2 for sign in (1, -1))
    return np.where(drawn < gained[:, None], 1, np.where(drawn > 1 - lost[:, None], -1, 0))


@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize(("n", "between"), [(200, 0.0), (200, 0.03), (1000, 0.01), (1000, 0.03)])
def test_the_interval_covers(seeds, n, between):
    rng = np.random.default_rng(seeds + n)
    runs = 600
    found = [gain_over_seeds(differences(rng, seeds, n, between), 0.05) for _ in range(runs)]
    covered = np.mean([one.interval[0] <= GAIN <= one.interval[1] for one in found])
    # A variance estimated from three seeds and cut at zero is approximate: 0.88 to 0.94 were found over 1,500 runs.
    assert 0.90 - 3 * math.sqrt(0.09 / runs) <= covered + 0.015
    assert np.mean([one.gain for one in found]) == pytest.approx(GAIN, abs=0.004)


def test_rows_alone_would_claim_too_much():
    """Treating three seeds' rows as one long sample covers far less where seeds differ."""
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        x = differences(rng, 3, 1000, 0.03)
        half = 1.645 * x.std() / math.sqrt(x.size)
        covered += abs(x.mean() - GAIN) <= half
    assert covered / 300 < 0.6


def test_the_variance_components_are_those_of_the_table():
    """Large normal tables with known components."""
    rng = np.random.default_rng(1)
    x = rng.normal(0, 0.5, (400, 1)) + rng.normal(0, 1.0, (1, 500)) + rng.normal(0, 2.0, (400, 500))
    found = gain_over_seeds(x, 0.05)
    assert found.between_seeds == pytest.approx(0.5, rel=0.1)
    spread = math.sqrt(0.25 / 400 + 1 / 500 + 4 / (400 * 500))
    assert np.ptp(found.interval) == pytest.approx(2 * stats.norm.isf(0.05) * spread, rel=0.1)


def test_equal_seeds_are_one_sample_of_rows():
    row = np.random.default_rng(2).choice([1, 0, -1], size=300, p=[0.1, 0.85, 0.05])
    found = gain_over_seeds(np.stack([row] * 3), 0.05)
    expected = stats.t.interval(0.9, 299, row.mean(), stats.sem(row))
    assert found.interval == pytest.approx(expected, rel=1e-6)
    assert found.between_seeds == 0


def test_rows_without_variance_leave_the_seeds():
    found = gain_over_seeds(np.array([[0.1], [0.2], [0.4]]) * np.ones((1, 50)), 0.05)
    assert found.interval == pytest.approx(stats.t.interval(0.9, 2, 0.7 / 3, stats.sem([0.1, 0.2, 0.4])), rel=1e-6)
    assert found.degrees_of_freedom == pytest.approx(2)


def test_pairs_without_any_difference_have_no_width():
    assert gain_over_seeds(np.zeros((3, 40)), 0.05).interval == (0.0, 0.0)


def scores(rng, y, skill):
    """Scores of a model that is right with probability ``skill``."""
    return np.eye(2)[np.where(rng.random(len(y)) < skill, y, 1 - y)]


def test_the_bootstrap_of_accuracy_agrees_with_the_table():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 500)
    first, second = ([scores(rng, y, skill + shift) for shift in (-0.04, 0.0, 0.05)] for skill in (0.85, 0.8))
    right = np.stack([(a.argmax(1) == y).astype(int) - (b.argmax(1) == y) for a, b in zip(first, second, strict=True)])
    table = gain_over_seeds(right, 0.05)
    drawn = bootstrapped_gain_over_seeds(Accuracy(), y, first, second, alpha=0.05, resamples=4000, seed=0)
    assert drawn.gain == pytest.approx(table.gain)
    assert drawn.gains == pytest.approx(table.gains)
    assert drawn.interval == pytest.approx(table.interval, abs=0.006)
    assert drawn.between_seeds == pytest.approx(table.between_seeds, abs=0.005)


def test_the_bootstrapped_interval_covers():
    rng = np.random.default_rng(4)
    runs, covered = 200, 0
    for run in range(runs):
        y = rng.integers(0, 2, 200)
        lifts = rng.normal(0.05, 0.04, 3)
        first, second = [scores(rng, y, 0.75 + lift) for lift in lifts], [scores(rng, y, 0.75) for _ in range(3)]
        found = bootstrapped_gain_over_seeds(BalancedAccuracy(), y, first, second, alpha=0.05, resamples=200, seed=run)
        covered += found.interval[0] <= 0.05 <= found.interval[1]
    assert covered / runs >= 0.90 - 3 * math.sqrt(0.09 / runs)


@pytest.mark.parametrize("bad", [np.zeros((1, 40)), np.zeros(40), np.full((3, 10), np.nan)])
def test_one_seed_is_no_evidence_about_seeds(bad):
    with pytest.raises(DataError, match="seeds"):
        gain_over_seeds(bad, 0.05)
    with pytest.raises(DataError, match="pairs"):
        bootstrapped_gain_over_seeds(Accuracy(), np.zeros(4, int), [np.eye(2)], [], alpha=0.05, resamples=200, seed=0)
