"""Predictions for rows that no classifier was trained on."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.errors import DataError
from ntgate.shift import held_out_predictions, label_shift
from ntgate.shift.classifier.held_out import dealt_by_class


def test_random_labels_are_not_predicted():
    """A classifier that had seen its rows would be right far more often: there are as many features as rows."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 200)), rng.integers(0, 2, 200)
    held_out = held_out_predictions(x, y, rng.normal(size=(10, 200)))
    right = (held_out.source.argmax(axis=1) == y).sum()
    assert abs(right - 100) <= 3 * np.sqrt(2 * 200) / 2  # folds share rows, so the variance is up to twice the binomial
    assert held_out.source.sum(axis=1) == pytest.approx(np.ones(200))
    assert held_out.target.sum(axis=1) == pytest.approx(np.ones(10))


def test_the_unit_of_a_feature_does_not_matter():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(90, 4)), np.arange(90) % 3
    x[:, 0] += 2 * y
    units = np.array([1e-6, 1.0, 1e6, 1.0])
    plain, other = (held_out_predictions(x * unit, y, x[:20] * unit) for unit in (1.0, units))
    assert other.source == pytest.approx(plain.source, abs=1e-4)
    assert other.target == pytest.approx(plain.target, abs=1e-4)


def test_folds_share_out_every_class_evenly():
    y = np.repeat([0, 1, 2], [13, 2, 40])
    fold = dealt_by_class(y, 5, np.random.default_rng(2))
    for k in range(3):
        counts = np.bincount(fold[y == k], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_a_class_with_one_row_and_a_class_without_are_taken():
    rng = np.random.default_rng(3)
    y = np.r_[np.zeros(20, int), np.ones(20, int), 2]
    held_out = held_out_predictions(rng.normal(size=(41, 2)), y, rng.normal(size=(5, 2)), classes=("a", "b", "c", "d"))
    assert held_out.source.shape == (41, 4)
    assert held_out.source[-1, 2] == 0  # no other row to learn it from
    assert not held_out.target[:, 3].any()


def test_the_whole_way_to_class_proportions_keeps_its_level_and_finds_the_shift():
    """Source and target rows are predicted alike: with the mean of all classifiers on target rows, 8 % were refused."""
    rng = np.random.default_rng(4)
    centres = rng.normal(size=(3, 20)) * 0.5
    share = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])

    def draw(share, rows):
        y = rng.choice(3, rows, p=share)
        return centres[y] + rng.normal(size=(rows, 20)), y

    refused, draws = 0, 60
    for seed in range(draws):
        (x, y), (target, _) = draw(share[0], 100), draw(share[0], 2000)
        codes = [part.argmax(axis=1) for part in held_out_predictions(x, y, target, seed=seed)]
        refused += label_shift(y, *codes, ("a", "b", "c"), permutations=199, resamples=1, seed=seed).significant
    assert refused / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)
    (x, y), (target, _) = draw(share[0], 1000), draw(share[1], 1000)
    found = label_shift(y, *held_out_predictions(x, y, target), ("a", "b", "c"))
    assert found.significant
    assert [one.target for one in found.shares] == pytest.approx(share[1], abs=0.08)
    assert "class 'c' is" in found.sentence


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"x": np.full((20, 2), np.nan)}, "x: expected at least two finite rows"),
        ({"target": np.zeros((3, 5))}, "target: expected rows of width 2 as in x"),
        ({"y": np.zeros(20, int)}, "y: expected at least two classes"),
        ({"y": np.arange(19) % 2}, "y: expected one label for each of 20 rows"),
        ({"y": np.full(20, np.inf)}, "y: expected whole numbers"),
        ({"y": np.array(["a", "b"] * 10)}, "y: expected whole numbers"),
        ({"y": np.r_[1, np.zeros(19, int)]}, "y: expected two classes in every fold"),
        ({"folds": 1}, "folds: expected from 2 to 20"),
    ],
)
def test_bad_input_names_the_argument(change, part):
    rng = np.random.default_rng(5)
    usual = {"x": rng.normal(size=(20, 2)), "y": np.arange(20) % 2, "target": rng.normal(size=(5, 2))}
    with pytest.raises(DataError) as caught:
        held_out_predictions(**{**usual, **change})
    assert part in str(caught.value)
