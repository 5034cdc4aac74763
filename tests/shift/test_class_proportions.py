"""Label shift: level, coverage and recovery by simulation, the direct solution, and what cannot be known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ntgate.errors import DataError
from ntgate.shift import label_shift
from ntgate.shift.proportions.mixture import proportions

ABC = ("a", "b", "c")
CONFUSION = np.array([[0.8, 0.15, 0.1], [0.1, 0.75, 0.1], [0.1, 0.1, 0.8]])  # column: how a class is predicted


def sample(rng, share, rows, confusion=CONFUSION):
    """Labels and fallible predictions."""
    y = rng.choice(len(share), rows, p=share)
    return y, (confusion.T[y].cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1).clip(max=len(share) - 1)


def estimate(found):
    return np.array([share.target for share in found.shares])


def test_agrees_with_the_direct_solution_of_the_paper():
    """``w = C^-1 mu`` with the joint confusion matrix, as Lipton et al. write it."""
    rng = np.random.default_rng(0)
    y, predicted = sample(rng, [0.5, 0.3, 0.2], 4000)
    _, of_target = sample(rng, [0.2, 0.3, 0.5], 3000)
    joint = np.zeros((3, 3))
    np.add.at(joint, (predicted, y), 1 / len(y))
    weights = np.linalg.solve(joint, np.bincount(of_target) / len(of_target))
    found = label_shift(y, predicted, of_target, ABC, resamples=50)
    assert [share.weight for share in found.shares] == pytest.approx(list(weights), rel=1e-9)
    assert estimate(found) == pytest.approx(weights * np.bincount(y) / len(y), rel=1e-9)
    assert found.identifiable
    assert found.condition == pytest.approx(np.linalg.cond(joint / joint.sum(axis=0)), rel=1e-9)


def test_hard_and_one_hot_predictions_give_one_estimate():
    rng = np.random.default_rng(1)
    y, predicted = sample(rng, [0.5, 0.3, 0.2], 500)
    _, of_target = sample(rng, [0.2, 0.3, 0.5], 400)
    hard = label_shift(y, predicted, of_target, ABC)
    soft = label_shift(y, np.eye(3)[predicted], np.eye(3)[of_target], ABC)
    assert estimate(soft) == pytest.approx(estimate(hard), rel=1e-9)
    assert soft.p_value == hard.p_value
    ends = [np.array([share.interval for share in found.shares]) for found in (hard, soft)]
    assert np.abs(ends[0] - ends[1]).max() < 0.03


@pytest.mark.parametrize(("n", "m"), [(30, 12), (400, 300)])
def test_level_of_the_test(n, m):
    rng = np.random.default_rng(2)
    draws = 400
    refused = 0
    for seed in range(draws):
        y, predicted = sample(rng, [0.6, 0.3, 0.1], n)
        _, of_target = sample(rng, [0.6, 0.3, 0.1], m)
        refused += label_shift(y, predicted, of_target, ABC, permutations=199, resamples=1, seed=seed).p_value <= 0.05
    assert refused / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)


def test_the_smallest_p_value_counts_the_labelling_as_observed():
    y = np.repeat([0, 1], 100)
    assert label_shift(y, y, np.ones(80, int), ("a", "b"), permutations=19).p_value == 1 / 20


@pytest.mark.parametrize(("n", "m", "target"), [(400, 250, [0.15, 0.25, 0.6]), (60, 60, [0.05, 0.05, 0.9])])
def test_intervals_cover_and_known_proportions_are_recovered(n, m, target):
    rng = np.random.default_rng(3)
    inside, found = [], []
    for seed in range(200):
        y, predicted = sample(rng, [0.4, 0.3, 0.3], n)
        _, of_target = sample(rng, target, m)
        one = label_shift(y, predicted, of_target, ABC, permutations=1, resamples=200, seed=seed)
        inside.append([share.interval[0] <= true <= share.interval[1] for share, true in zip(one.shares, target, strict=True)])
        found.append(estimate(one))
    # Classes of one draw are dependent: the bound is that of 200 draws.
    assert np.mean(inside) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 200)
    # Where a share is near 0 the simplex pushes small samples' estimates off it.
    assert np.mean(found, axis=0) == pytest.approx(target, abs=0.01 if n > 100 else 0.06)


def test_intervals_of_probabilities_cover_too():
    rng = np.random.default_rng(4)
    target = [0.2, 0.2, 0.6]
    inside = []
    for seed in range(150):
        parts = []
        for share, rows in (([0.4, 0.3, 0.3], 300), (target, 200)):
            y = rng.choice(3, rows, p=share)
            scores = np.exp(2 * np.eye(3)[y] + rng.normal(size=(rows, 3)))
            parts.append((y, scores / scores.sum(axis=1, keepdims=True)))
        one = label_shift(*parts[0], parts[1][1], ABC, permutations=1, resamples=200, seed=seed)
        inside.append([share.interval[0] <= true <= share.interval[1] for share, true in zip(one.shares, target, strict=True)])
    assert np.mean(inside) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 150)


def test_classes_that_the_classifier_confuses_are_said_and_their_intervals_hold_all_that_they_share():
    rng = np.random.default_rng(5)
    blind = np.array([[0.9, 0.05, 0.05], [0.05, 0.5, 0.5], [0.05, 0.45, 0.45]])  # tells b from c no better than a coin
    y, predicted = sample(rng, [0.4, 0.3, 0.3], 600, blind)
    _, of_target = sample(rng, [0.3, 0.6, 0.1], 500, blind)
    found = label_shift(y, predicted, of_target, ABC)
    assert not found.identifiable
    assert "not shown to tell 'b', 'c' apart" in found.reason
    assert "Not to be relied upon" in found.sentence
    assert found.shares[1].interval[0] == found.shares[2].interval[0] == 0
    assert min(share.interval[1] for share in found.shares[1:]) > 0.65
    assert found.shares[0].target == pytest.approx(0.3, abs=0.08)


def test_a_singular_matrix_is_said_and_gives_finite_json():
    y = np.repeat([0, 1, 2], 30)
    predicted = np.repeat([0, 1, 1], 30)  # c is never predicted
    found = label_shift(y, predicted, np.repeat([0, 1], 20), ABC)
    assert found.condition is None
    assert not found.identifiable
    assert found.shares[0].target == pytest.approx(0.5, abs=0.01)
    assert found.shares[1].interval[1] == found.shares[2].interval[1] > 0.4
    json.loads(found.model_dump_json(), parse_constant=pytest.fail)


def test_predictions_that_no_proportions_explain_are_said():
    """The classifier errs on a fifth of the source's rows and on none of the target's: too few rows are predicted as 'b'."""
    rng = np.random.default_rng(10)
    confusion = np.array([[0.8, 0.2], [0.2, 0.8]])
    y, predicted = sample(rng, [0.5, 0.5], 600, confusion)
    found = label_shift(y, predicted, (rng.random(400) < 0.05).astype(int), ("a", "b"))
    assert not found.consistent
    assert "more than class proportions changed, since 'b' would need a share below 0" in found.sentence
    draws, blamed = 200, 0
    for seed in range(draws):  # all target rows of one class: at the edge of what proportions explain
        y, predicted = sample(rng, [0.5, 0.5], 200, confusion)
        _, of_target = sample(rng, [1.0, 0.0], 150, confusion)
        blamed += not label_shift(y, predicted, of_target, ("a", "b"), permutations=1, seed=seed).consistent
    assert blamed / draws <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / draws)


def test_a_class_without_source_rows_is_unknown_not_zero():
    rng = np.random.default_rng(6)
    y, predicted = sample(rng, [0.5, 0.5, 0.0], 300)
    found = label_shift(y, predicted, rng.integers(0, 2, 200), ABC)
    assert found.shares[2].target is found.shares[2].weight is found.shares[2].interval is None
    assert not found.identifiable
    assert "no source rows of 'c'" in found.reason
    assert sum(share.target for share in found.shares[:2]) == pytest.approx(1)


def test_estimates_stay_on_the_simplex_and_weights_in_bounds():
    y = np.r_[np.zeros(990, int), np.ones(10, int)]
    found = label_shift(y, y, np.ones(50, int), ("a", "b"), max_weight=20)
    assert [share.target for share in found.shares] == [0.0, 1.0]
    assert found.shares[1].weight == 20
    matrices = np.random.default_rng(7).dirichlet([1, 1, 1, 1], size=(40, 4)).transpose(0, 2, 1)
    q = proportions(matrices, np.random.default_rng(8).dirichlet([0.3] * 4, size=40))
    assert q.min() >= 0
    assert q.sum(axis=1) == pytest.approx(np.ones(40))


def test_the_constrained_solution_is_that_of_a_general_optimiser():
    from scipy.optimize import minimize

    matrix, mean = CONFUSION, np.array([0.02, 0.5, 0.48])  # the plain solution is negative
    assert np.linalg.solve(matrix, mean).min() < 0
    best = minimize(
        lambda q: ((matrix @ q - mean) ** 2).sum(),
        np.full(3, 1 / 3),
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda q: q.sum() - 1},
        tol=1e-14,
    )
    assert proportions(matrix[None], mean[None])[0] == pytest.approx(best.x, abs=1e-4)


def test_same_seed_same_result():
    rng = np.random.default_rng(9)
    y, predicted = sample(rng, [0.5, 0.3, 0.2], 100)
    one, two, other = (label_shift(y, predicted, predicted[:50], ABC, seed=seed) for seed in (1, 1, 2))
    assert one == two != other
    assert one.sentence.startswith("No change of class proportions shown")


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"y_source": [0, 1, 5, 0]}, "y_source: expected whole numbers from 0 to 2"),
        ({"y_source": [0, 1, float("nan"), 0]}, "y_source: expected whole numbers"),
        ({"y_source": ["a", "b", "c", "a"]}, "y_source: expected whole numbers"),
        ({"predicted_source": [0, 1]}, "predicted_source: expected one label for each of 4 rows"),
        ({"predicted_target": []}, "predicted_target: expected one label a row"),
        ({"predicted_target": [[0.5, 0.5, 0.0]]}, "predicted_target: expected codes or probabilities, as in"),
        ({"predicted_source": np.full((4, 3), 2.0)}, "predicted_source: expected probabilities of 3 classes"),
        ({"predicted_source": np.full((4, 2), 0.5)}, "predicted_source: expected shape (4, 3)"),
        ({"classes": ("a", "a", "b")}, "classes: expected at least two different names"),
        ({"alpha": 1.5}, "alpha: expected a level"),
        ({"permutations": 0}, "permutations: expected at least 1"),
    ],
)
def test_bad_input_names_the_argument(change, part):
    usual = {"y_source": [0, 1, 2, 0], "predicted_source": [0, 1, 2, 0], "predicted_target": [0, 1, 2], "classes": ABC}
    with pytest.raises(DataError) as caught:
        label_shift(**{**usual, **change})
    assert part in str(caught.value)
