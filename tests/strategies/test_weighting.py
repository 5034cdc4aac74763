"""The weights of source rows, against known density ratios, scipy, scikit-learn and skada."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from ntgate.errors import DataError
from ntgate.strategies.weighting.bounded import bounded, effective_sample_size
from ntgate.strategies.weighting.density_ratio import density_ratio, solution
from ntgate.strategies.weighting.domain_classifier import classifier_odds
from ntgate.strategies.weighting.gaussian_basis import gaussian, squared_distances
from ntgate.strategies.weighting.kernel_mean_matching import kernel_mean_matching, matched, projected
from ntgate.strategies.weighting.kliep import coefficients, kliep
from ntgate.strategies.weighting.similarity import similarity
from ntgate.strategies.weighting.tradaboost import tradaboost

RATIOS = {
    "density_ratio": density_ratio,
    "kliep": kliep,
    "kernel_mean_matching": kernel_mean_matching,
    "domain_classifier": classifier_odds,
}


@pytest.mark.parametrize("method", RATIOS.values(), ids=RATIOS.keys())
def test_the_ratio_of_two_normal_densities_is_found(method):
    """Equal variances, where logistic regression too is a true model: ``w(x) = exp(mu x - mu^2 / 2)`` is known."""
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(1000, 1)), rng.normal(0.8, 1, (600, 1))
    truth = np.exp(0.8 * source[:, 0] - 0.32)
    found = bounded(method(source, target), most=10.0)
    assert np.corrcoef(found, truth)[0, 1] > 0.9
    assert np.abs(found - truth).mean() < 0.3  # it is 0.70 for uniform weights
    assert found @ source[:, 0] / len(source) == pytest.approx(0.8, abs=0.12)


@pytest.mark.parametrize("method", [density_ratio, kliep, kernel_mean_matching])
def test_a_narrower_target_is_found_too(method):
    """A ratio that rises and falls, which no linear classifier has."""
    rng = np.random.default_rng(1)
    source, target = rng.normal(size=(1000, 1)), rng.normal(-0.5, 0.6, (600, 1))
    truth = norm.pdf(source[:, 0], -0.5, 0.6) / norm.pdf(source[:, 0])
    found = bounded(method(source, target), most=10.0)
    assert np.corrcoef(found, truth)[0, 1] > 0.9
    assert np.sqrt(found @ (source[:, 0] + 0.5) ** 2 / 1000) == pytest.approx(0.6, abs=0.12)


def test_kliep_reaches_the_maximum_that_scipy_finds():
    rng = np.random.default_rng(2)
    source, target = rng.normal(size=(80, 2)), rng.normal(0.5, 1, (60, 2))
    p, q = (gaussian(squared_distances(rows, target[:6]), 1.0) for rows in (source, target))
    reference = minimize(
        lambda a: -np.log(q @ a).mean(),
        np.ones(6) / p.mean(axis=0).sum(),
        method="SLSQP",
        bounds=[(1e-9, None)] * 6,
        constraints={"type": "eq", "fun": lambda a: (p @ a).mean() - 1},
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    found = coefficients(p, q)
    assert (p @ found).mean() == pytest.approx(1)
    assert np.log(q @ found).mean() == pytest.approx(-reference.fun, abs=2e-4)


def test_least_squares_ratio_is_the_minimum_that_scipy_finds():
    rng = np.random.default_rng(3)
    p, q = rng.random((50, 4)) * np.eye(4).repeat(13, axis=0)[:50], rng.random((40, 4))
    reference = minimize(lambda a: np.square(p @ a).mean() / 2 - (q @ a).mean() + 0.1 * a @ a / 2, np.ones(4), tol=1e-12)
    assert solution(p, q, 0.1) == pytest.approx(np.maximum(reference.x, 0), abs=1e-4)


def matching_problem(n=25):
    rng = np.random.default_rng(4)
    source, target = rng.normal(size=(n, 2)), rng.normal(0.7, 0.7, (30, 2))
    kernel = gaussian(squared_distances(source, source), 1.0)
    return kernel, gaussian(squared_distances(source, target), 1.0).mean(axis=1) * n


@pytest.mark.parametrize("most", [1.5, 4.0])
def test_mean_matching_is_the_quadratic_program_that_scipy_solves(most):
    kernel, towards = matching_problem()
    n = len(kernel)
    slack = min(most / n**0.5, 1.0)

    def value(w):
        return w @ kernel @ w / 2 - towards @ w

    reference = minimize(
        value,
        np.ones(n),
        jac=lambda w: kernel @ w - towards,
        method="SLSQP",
        bounds=[(0, most)] * n,
        constraints=[
            {"type": "ineq", "fun": lambda w: n * (1 + slack) - w.sum()},
            {"type": "ineq", "fun": lambda w: w.sum() - n * (1 - slack)},
        ],
        options={"ftol": 1e-12, "maxiter": 2000},
    )
    found = matched(kernel, towards, most)
    assert found.min() >= 0
    assert found.max() <= most
    assert abs(found.mean() - 1) <= slack + 1e-9
    assert value(found) == pytest.approx(reference.fun, abs=1e-4 * abs(reference.fun))


def test_mean_matching_is_no_worse_than_skadas(skada):
    kernel = gaussian(squared_distances(skada["source"], skada["source"]), float(skada["width"]))
    towards = gaussian(squared_distances(skada["source"], skada["target"]), float(skada["width"])).mean(axis=1) * 60
    found, theirs = (w @ kernel @ w / 2 - towards @ w for w in (matched(kernel, towards, 10.0), skada["matching"]))
    assert found <= theirs + 1e-4 * abs(theirs)
    assert found == pytest.approx(theirs, rel=0.01)


def test_a_projection_is_the_nearest_point_that_scipy_finds():
    rng = np.random.default_rng(5)
    for low, high in ((0.0, 2.0), (9.0, 12.0), (0.0, 99.0)):
        v = rng.normal(1, 2, 6)
        reference = minimize(
            lambda w, v=v: np.square(w - v).sum(),
            np.full(6, 1.5),
            jac=lambda w, v=v: 2 * (w - v),
            method="SLSQP",
            bounds=[(0, 3)] * 6,
            options={"ftol": 1e-14, "maxiter": 500},
            constraints=[
                {"type": "ineq", "fun": lambda w, high=high: high - w.sum()},
                {"type": "ineq", "fun": lambda w, low=low: w.sum() - low},
            ],
        )
        assert projected(v, 3.0, low, high) == pytest.approx(reference.x, abs=1e-5)


def test_many_source_rows_are_matched_in_blocks():
    rng = np.random.default_rng(6)
    source, target = rng.normal(size=(2300, 1)), rng.normal(0.8, 1, (300, 1))
    found = bounded(kernel_mean_matching(source, target), most=10.0)
    assert np.corrcoef(found, np.exp(0.8 * source[:, 0]))[0, 1] > 0.85


def test_odds_are_those_of_scikit_learns_cross_validation():
    rng = np.random.default_rng(7)
    source, target = rng.normal(size=(60, 3)), rng.normal(0.5, 1, (30, 3))
    rows, domain = np.concatenate([source, target]), np.repeat([0, 1], [60, 30])
    shares = cross_val_predict(
        LogisticRegression(C=0.1, max_iter=200),
        rows,
        domain,
        method="predict_proba",
        cv=StratifiedKFold(5, shuffle=True, random_state=3),
    )
    expected = (shares[:, 1] / shares[:, 0])[:60] * 60 / 30
    assert classifier_odds(source, target, seed=3) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("measure", ["euclidean", "cosine"])
def test_similarity_is_that_of_scikit_learns_neighbours(measure):
    rng = np.random.default_rng(8)
    source, target = rng.normal(size=(50, 3)), rng.normal(size=(20, 3))
    distance = NearestNeighbors(n_neighbors=5, metric=measure).fit(target).kneighbors(source)[0].mean(axis=1)
    assert similarity(source, target, measure=measure) == pytest.approx(np.exp(-distance / np.median(distance)))


def test_a_row_of_zeros_has_no_direction_and_still_a_weight():
    assert similarity(np.zeros((1, 2)), np.ones((2, 2)), measure="cosine") == pytest.approx([np.exp(-1)])


def test_bounded_weights_have_mean_one_and_keep_their_proportions():
    rng = np.random.default_rng(9)
    for most in (1.2, 3.0, 10.0):
        weights = rng.pareto(0.7, 200)
        found = bounded(weights, most)
        scale = brentq(lambda c, w=weights, b=most: np.minimum(c * w, b).mean() - 1, 0, 1e9)
        assert found == pytest.approx(np.minimum(scale * weights, most), rel=1e-6)
        assert found.mean() == pytest.approx(1)
    assert effective_sample_size(found) < effective_sample_size(np.ones(200)) == 200


def test_weights_that_cannot_be_bounded_are_refused():
    assert bounded(np.array([0.0, 5.0]), most=2.0) == pytest.approx([0, 2])
    with pytest.raises(DataError, match="at least one in 2 that resembles the target, got 1 of 3"):
        bounded(np.array([0.0, 0.0, 5.0]), most=2.0)
    for wrong in (np.nan, np.inf, -1.0):
        with pytest.raises(DataError, match="finite weights"):
            bounded(np.array([1.0, wrong]), most=2.0)


@pytest.mark.parametrize("method", RATIOS.values(), ids=RATIOS.keys())
def test_rows_that_are_all_the_same_weigh_the_same(method):
    found = bounded(method(np.zeros((20, 2)), np.zeros((10, 2))), most=10.0)
    assert found == pytest.approx(np.ones(20), abs=0.01)


def test_one_target_row_is_too_few_for_a_classifier():
    with pytest.raises(DataError, match="two rows each"):
        classifier_odds(np.zeros((9, 2)), np.zeros((1, 2)))


def boosted(rows, labels, n, rounds):
    """Algorithm 1 of the paper, row by row, for two classes."""
    m = len(rows) - n
    weights = [1 / n] * n + [1 / m] * m
    fall = 1 / (1 + np.sqrt(2 * np.log(n) / rounds))
    history = []
    for _ in range(rounds):
        p = np.array(weights) / sum(weights)
        history.append(p[:n])
        h = LogisticRegression(C=1.0, max_iter=200).fit(rows, labels, sample_weight=p * len(rows)).predict(rows)
        error = sum(p[n + j] * abs(h[n + j] - labels[n + j]) for j in range(m)) / p[n:].sum()
        rate = error / (1 - error)
        weights = [p[i] * fall ** abs(h[i] - labels[i]) if i < n else p[i] * rate ** -abs(h[i] - labels[i]) for i in range(n + m)]
    late = np.array(history[-(-rounds // 2) - 1 :])
    mean = (late / late.mean(axis=1, keepdims=True)).mean(axis=0)
    return mean / mean.mean()


def noisy_problem():
    """Source labels of which a third is wrong, and a small target whose own labels are a little noisy."""
    rng = np.random.default_rng(10)
    source, target = rng.normal(size=(120, 2)), rng.normal(size=(40, 2))
    labels, target_labels = (source[:, 0] > 0).astype(np.int64), (target[:, 0] > 0.1).astype(np.int64)
    flipped = np.arange(120) % 3 == 0
    target_labels[:2] = 1 - target_labels[:2]
    return source, np.where(flipped, 1 - labels, labels), target, target_labels, flipped


def test_tradaboost_is_the_algorithm_of_the_paper():
    source, labels, target, target_labels, _ = noisy_problem()
    expected = boosted(np.concatenate([source, target]), np.concatenate([labels, target_labels]), 120, 9)
    assert tradaboost(source, labels, target, target_labels, rounds=9) == pytest.approx(expected, rel=1e-6)


def test_tradaboost_takes_the_weight_of_wrong_labels():
    source, labels, target, target_labels, flipped = noisy_problem()
    found = tradaboost(source, labels, target, target_labels, rounds=20)
    assert found[flipped].mean() < 0.1 * found[~flipped].mean()
