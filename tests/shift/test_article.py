"""The article's numbers, and its formulas against one another and against loops."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.errors import DataError
from ntgate.shift import mmd_test
from tests.shift import article


def kernel(a, b, width):
    return np.exp(-((a - b) ** 2).sum() / (2 * width**2))


def by_loops(x, y, width):
    """Sums over pairs, as the formulas are printed: within x with and without the diagonal, within y, and across."""
    pairs = [sum(kernel(a, b, width) for a in first for b in second) for first, second in ((x, x), (y, y), (x, y))]
    return (*pairs, len(x), len(y))


@pytest.fixture(scope="module")
def samples():
    rng = np.random.default_rng(0)
    return rng.normal(size=(17, 3)), rng.normal(size=(12, 3)) + 0.5


def test_estimators_are_those_of_their_formulas(samples):
    x, y = samples
    within_x, within_y, across, n, m = by_loops(x, y, 1.3)
    assert article.program_mmd2(x, y, 1.3) == pytest.approx(
        within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * across / (n * m), rel=1e-12
    )
    assert article.unbiased_mmd2(x, y, 1.3) == pytest.approx(
        (within_x - n) / (n * (n - 1)) + (within_y - m) / (m * (m - 1)) - 2 * across / (n * m), rel=1e-12
    )
    assert article.biased_mmd2(x, y, 1.3) == pytest.approx(within_x / n**2 + within_y / m**2 - 2 * across / (n * m), rel=1e-12)


def test_the_program_is_too_large_by_a_known_amount(samples):
    x, y = samples
    excess = article.program_mmd2(x, y) - article.unbiased_mmd2(x, y)
    assert excess == pytest.approx(1 / 16 + 1 / 11, rel=1e-12)


@pytest.mark.parametrize(("shift", "program", "unbiased", "biased"), [(0.0, 0.0204, 0.0002, 0.0135), (2.0, 0.5099, 0.4897, None)])
def test_the_numbers_of_the_article(shift, program, unbiased, biased):
    """Means over 400 draws of n = m = 100 rows, within three standard errors of the numbers and of this simulation.

    The numbers are means of a simulation too, of a size that is not told: it is taken to be at least as large as this one.
    """
    rng = np.random.default_rng(1)
    draws = []
    for _ in range(400):
        x, y = rng.normal(size=(100, 2)), rng.normal(size=(100, 2)) + shift
        draws.append([measure(x, y) for measure in (article.program_mmd2, article.unbiased_mmd2, article.biased_mmd2)])
    means, errors = np.mean(draws, axis=0), np.std(draws, axis=0) / np.sqrt(400)
    for found, error, number in zip(means, errors, (program, unbiased, biased), strict=True):
        if number is not None:
            assert abs(found - number) <= 3 * np.sqrt(2) * error + 5e-5
    if not shift:
        assert np.mean(np.array(draws)[:, 1] < 0) > 0.5  # in most null draws the unbiased estimate has no root


def test_the_exact_value_is_the_mean_of_the_unbiased_estimate():
    rng = np.random.default_rng(2)
    factor = rng.normal(size=(3, 3)) / 2
    covariance, mean = factor @ factor.T, np.array([0.5, 0.0, -0.3])
    exact = article.gaussian_mmd2(np.zeros(3), np.eye(3), mean, covariance, 1.5)
    draws = [
        article.unbiased_mmd2(rng.normal(size=(80, 3)), rng.multivariate_normal(mean, covariance, 60), 1.5) for _ in range(400)
    ]
    assert np.mean(draws) == pytest.approx(exact, abs=3 * np.std(draws) / 20)
    assert article.gaussian_mmd2([0, 0], np.eye(2), [2, 2], np.eye(2)) == pytest.approx(0.4909, abs=5e-5)
    assert article.gaussian_mmd2([1, 2], np.eye(2), [1, 2], np.eye(2)) == pytest.approx(0, abs=1e-15)


def test_the_supremum_is_attained_at_the_witness_and_by_no_other_function(samples):
    """Functions ``f = sum a_i k(z_i, .)`` have the norm ``a' K a``: scaled to norm 1, none has a greater difference of means."""
    x, y = samples
    points = np.concatenate([x, y])
    gram = np.array([[kernel(a, b, 1.0) for b in points] for a in points])
    towards = np.r_[np.full(17, 1 / 17), np.full(12, -1 / 12)]  # coefficients of mu_P - mu_Q
    supremum = article.supremum(x, y)
    assert supremum == pytest.approx(article.biased_mmd2(x, y) ** 0.5, rel=1e-10)
    norm = np.sqrt(towards @ gram @ towards)
    assert article.witness(points, x, y) == pytest.approx(gram @ towards / norm, rel=1e-9)
    rng = np.random.default_rng(3)
    for closeness in (0.0, 0.5, 0.99, 1.0):
        a = closeness * towards / np.linalg.norm(towards) + (1 - closeness) * rng.normal(size=29) / np.sqrt(29)
        f = gram @ a / np.sqrt(a @ gram @ a)
        difference = abs(f[:17].mean() - f[17:].mean())
        assert difference <= supremum * (1 + 1e-9)
        if closeness == 1:
            assert difference == pytest.approx(supremum, rel=1e-9)


def test_the_articles_h_divergence_is_the_mmd_and_the_true_one_is_not(samples):
    x, y = samples
    assert article.article_h_divergence(x, y) == article.supremum(x, y) == article.article_h_divergence(y, x)
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(300, 2)), rng.normal(size=(300, 2)) + 2
    assert article.h_divergence(a, b).distance == pytest.approx(1.69, abs=0.15)  # 2 (1 - 2 Phi(-sqrt 2))
    assert article.supremum(x, x) == 0


def test_the_references_agree_with_the_engine(samples):
    x, y = samples
    for estimator, reference in (("unbiased", article.unbiased_mmd2), ("biased", article.biased_mmd2)):
        found = mmd_test(x, y, bandwidths=[0.9], estimator=estimator, permutations=9).statistic
        assert found == pytest.approx(reference(x, y, 0.9), abs=1e-6)


def test_bad_input_names_the_argument(samples):
    x, y = samples
    with pytest.raises(DataError, match="y: expected rows of width 3 as in x"):
        article.biased_mmd2(x, y[:, :2])
    with pytest.raises(DataError, match="width: expected a positive kernel width"):
        article.program_mmd2(x, y, 0.0)
    with pytest.raises(DataError, match="expected at most 5000 rows together"):
        article.supremum(np.zeros((4000, 1)), np.zeros((1001, 1)))
    with pytest.raises(DataError, match="expected samples that differ"):
        article.witness(x, x, x)
