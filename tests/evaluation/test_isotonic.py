"""The curve behind the temperature: against numpy, and whether it is taken only where it is better."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.evaluation.calibration import best_temperature, log_loss
from ntgate.evaluation.isotonic import rising_curve, shown_curve
from ntgate.models.pooling import along, tempered


def drawn(n: int, seed: int, classes: int, chance):
    """Scores of ``n`` rows, and labels that are drawn by ``chance`` of them."""
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(classes), n).astype(np.float32)
    true = chance(scores.astype(np.float64))
    true /= true.sum(axis=1, keepdims=True)
    labels = (rng.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1)
    return np.minimum(labels, classes - 1), scores


def bent(scores):
    """Right where they are sure, and next to nothing where they are not: no temperature makes that of them."""
    return np.interp(scores, [0, 0.15, 0.2, 0.7, 0.75, 1], [0.02, 0.02, 0.4, 0.5, 0.95, 0.98])


@pytest.mark.parametrize("classes", [2, 4])
def test_it_finds_a_bent_curve_and_fresh_rows_agree(classes):
    labels, scores = drawn(3000, 0, classes, bent)
    curve = shown_curve(labels, scores)
    assert curve
    fresh, of_fresh = drawn(20_000, 1, classes, bent)
    plain = min(log_loss(fresh, tempered(of_fresh, t)) for t in np.linspace(0.5, 5, 40))
    found = along(tempered(of_fresh, best_temperature(labels, scores)), curve)
    assert log_loss(fresh, found) < plain - 0.005


def test_it_is_taken_by_luck_in_few_of_the_cases_where_there_is_nothing_to_find():
    """Two standard errors: about one case in forty, where a curve and a temperature are as good; the curve has more to learn."""
    taken = sum(bool(shown_curve(*drawn(400, seed, 3, lambda scores: scores))) for seed in range(100))
    assert taken <= 6


def test_few_rows_or_few_units_have_none():
    labels, scores = drawn(3000, 0, 2, bent)
    assert shown_curve(labels[:199], scores[:199]) == ()
    assert shown_curve(labels, scores, np.arange(3000) % 150) == ()
    assert shown_curve(labels[:0], scores[:0]) == ()


@pytest.mark.parametrize("seed", range(5))
def test_it_rises_strictly_and_the_last_digits_of_a_score_are_those_of_its_chance(seed):
    labels, scores = drawn(500, seed, 3, lambda scores: (scores > 0.5) + 1e-3)
    curve = rising_curve(labels, scores)
    x, y = np.transpose(curve)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) >= 0.009).all()
    assert (np.diff(y) > 0).all()
    order = along(scores, curve).argsort(axis=1, kind="stable")
    assert (order == scores.argsort(axis=1, kind="stable")).mean() > 0.999
    assert np.abs(along(scores + np.float32(1e-7), curve) - along(scores, curve)).max() < 1e-4


def test_a_curve_is_interpolation():
    curve = ((0.0, 0.0), (0.2, 0.05), (0.6, 0.8), (1.0, 1.0))
    scores = np.random.default_rng(0).dirichlet(np.ones(3), 50).astype(np.float32)
    moved = np.interp(scores, *np.transpose(curve))
    assert along(scores, curve) == pytest.approx(moved / moved.sum(axis=1, keepdims=True), abs=1e-5)
