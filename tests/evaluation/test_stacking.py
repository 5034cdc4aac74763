"""Weights and temperature against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.evaluation.calibration import best_temperature, log_loss, losses, reliability
from ntgate.evaluation.stacking import shrunk_weights, stacked_weights, worse


def test_two_classifiers_are_weighed_as_a_grid_search_does():
    rng = np.random.default_rng(0)
    chances = rng.beta([[3], [2]], [[1.5], [2]], (2, 400))
    grid = np.linspace(0, 1, 2001)
    loss = [-np.log(share * chances[0] + (1 - share) * chances[1]).mean() for share in grid]
    assert stacked_weights(chances)[0] == pytest.approx(grid[int(np.argmin(loss))], abs=2e-3)


def test_no_convex_weights_have_a_smaller_loss():
    rng = np.random.default_rng(1)
    chances = rng.random((6, 200))
    best = -np.log(stacked_weights(chances) @ chances).mean()
    drawn = rng.dirichlet(np.ones(6), 3000)
    assert best <= (-np.log(drawn @ chances)).mean(axis=1).min() + 1e-6


def test_few_rows_leave_the_prior():
    prior = np.array([0.6, 0.3, 0.1])
    assert shrunk_weights(np.zeros((3, 0)), prior, 100).tolist() == prior.tolist()
    many = np.tile([[0.9], [0.5], [0.2]], (1, 100_000))
    assert shrunk_weights(many, prior, 100)[0] > 0.99


def test_the_temperature_is_the_best_of_a_grid():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(5000, 4)) * 2
    labels = np.array([rng.choice(4, p=np.exp(row / 3) / np.exp(row / 3).sum()) for row in logits])
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    grid = np.linspace(1, 5, 401)

    def loss(temperature: float) -> float:
        powers = scores ** (1 / temperature)
        return log_loss(labels, powers / powers.sum(axis=1, keepdims=True))

    assert best_temperature(labels, scores) == pytest.approx(grid[int(np.argmin([loss(t) for t in grid]))], abs=0.06)


def test_a_handful_of_right_rows_is_not_taken_for_certainty():
    scores = np.tile([0.6, 0.4], (5, 1))
    assert best_temperature(np.zeros(5, dtype=int), scores) > 0.8  # unshrunk it would be 0.2
    assert best_temperature(np.zeros(0, dtype=int), scores[:0]) == 1.0


def test_the_measures_of_a_perfect_and_of_a_wrong_classifier():
    labels = np.array([0, 1, 1])
    assert log_loss(labels, np.eye(2)[labels]) == 0
    assert np.isfinite(losses(labels, np.eye(2)[1 - labels])).all()


def test_a_reliability_diagram_holds_every_row_once():
    rng = np.random.default_rng(3)
    scores = rng.dirichlet(np.ones(3), 1003)
    labels = np.array([rng.choice(3, p=row) for row in scores])
    bins = reliability(labels, scores)
    assert sum(part.rows for part in bins) == 1003
    assert max(abs(part.confidence - part.accuracy) for part in bins) < 0.15  # the scores are the chances


def test_how_often_an_equal_arm_is_left_out():
    """Arms with the same loss are told apart as rarely as two standard errors promise, about one in forty."""
    rng = np.random.default_rng(4)
    shown = sum(worse(rng.exponential(size=40), rng.exponential(size=40), 2.0) for _ in range(2000))
    assert shown / 2000 < 0.035
