"""Label shift explains a target that is a mixture of the source's classes, and no other."""

from __future__ import annotations

import numpy as np

from ntgate.shift import held_out_predictions, label_shift
from ntgate.shift.proportions.explained import explained

CLASSES = ("a", "b", "c")
CENTRES = np.array([[0.0, 0], [3, 0], [0, 3]])


def rows(rng, counts, moved=0.0):
    y = np.repeat(np.arange(3), counts)
    return CENTRES[y] + rng.normal(size=(len(y), 2)) + moved, y


def found(seed, moved):
    rng = np.random.default_rng(seed)
    x, y = rows(rng, (200, 200, 200))
    target, _ = rows(rng, (250, 100, 50), moved)
    predicted = held_out_predictions(x, y, target, classes=CLASSES, seed=seed)
    estimate = label_shift(y, predicted.source, predicted.target, CLASSES, permutations=199, resamples=50, seed=seed)
    return explained(estimate, x, y, target, seed=seed)


def test_a_mixture_is_explained_and_moved_rows_are_not():
    mixtures = [found(seed, 0.0) for seed in range(40)]
    assert all(one.significant for one in mixtures)
    assert sum(one.consistent for one in mixtures) >= 34  # of 40 at level 0.05: 34 or more with probability 0.998
    moved = [found(seed, 1.5) for seed in range(10)]
    assert not any(one.consistent for one in moved)
    assert "but more than proportions changed: the source with its classes" in moved[0].sentence


def test_where_no_change_is_shown_nothing_is_added():
    rng = np.random.default_rng(3)
    x, y = rows(rng, (100, 100, 100))
    estimate = label_shift(y, y, y, CLASSES, permutations=99, resamples=50)
    assert explained(estimate, x, y, x + 9) is estimate
