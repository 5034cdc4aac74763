"""The projection: the singular vectors of both domains in equal parts, whatever the shape of the rows."""

from __future__ import annotations

import numpy as np
import pytest

from ntgate.errors import DataError
from ntgate.report import projection
from ntgate.report.projection import project


def by_svd(x, y):
    """Coordinates and explained shares by a full SVD of the centred rows, each domain weighing one half."""
    centre = (x.mean(axis=0) + y.mean(axis=0)) / 2
    weighted = np.concatenate([(x - centre) / np.sqrt(2 * len(x)), (y - centre) / np.sqrt(2 * len(y))])
    _, values, vectors = np.linalg.svd(weighted, full_matrices=False)
    signs = np.where((y.mean(axis=0) - centre) @ vectors[:2].T < 0, -1, 1)
    axes = vectors[:2].T * signs
    return (x - centre) @ axes, (y - centre) @ axes, (values**2 / (values**2).sum())[:2]


@pytest.mark.parametrize("shape", [(50, 30, 4), (200, 40, 2), (12, 9, 300), (30, 30, 60)])
def test_it_is_the_svd_of_both_domains_in_equal_parts(shape):
    n, m, d = shape
    rng = np.random.default_rng(n)
    mixing = rng.normal(size=(d, d)) * np.linspace(3, 0.1, d)
    x, y = rng.normal(size=(n, d)) @ mixing, rng.normal(size=(m, d)) @ mixing + rng.normal(size=d)
    found = project(x, y)
    source, target, explained = by_svd(x, y)
    np.testing.assert_allclose(found.source, source, atol=1e-8 * np.abs(source).max())
    np.testing.assert_allclose(found.target, target, atol=1e-8 * np.abs(source).max())
    np.testing.assert_allclose(found.explained, explained, rtol=1e-9)


def test_it_is_scikit_learns_pca_when_the_domains_are_equally_large():
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(80, 5)) * (5, 3, 2, 1, 1), rng.normal(size=(80, 5)) + 1
    fitted = PCA(2).fit(np.concatenate([x, y]))
    found = project(x, y)
    np.testing.assert_allclose(np.abs(found.source), np.abs(fitted.transform(x)), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.explained, fitted.explained_variance_ratio_, rtol=1e-9)


def test_more_rows_of_one_domain_do_not_turn_the_directions():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(50, 3)) * (4, 1, 0.5), rng.normal(size=(50, 3)) * (1, 5, 0.5)
    once, often = project(x, y), project(np.repeat(x, 12, axis=0), y)
    np.testing.assert_allclose(once.target, often.target, atol=1e-9)
    np.testing.assert_allclose(once.explained, often.explained, rtol=1e-9)


def test_the_target_lies_right_of_the_source_and_above():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        found = project(rng.normal(size=(40, 3)), rng.normal(size=(30, 3)))
        assert (np.mean(found.target, axis=0) >= 0).all()
        np.testing.assert_allclose(np.mean(found.target, axis=0), -np.mean(found.source, axis=0), atol=1e-12)


def test_a_seeded_choice_of_rows_that_keeps_what_is_to_be_kept():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(500, 3)), rng.normal(size=(30, 3))
    first = project(x, y, most=40, keep=([499, 0, 250], [3]), seed=1)
    assert first == project(x, y, most=40, keep=([499, 0, 250], [3]), seed=1)
    assert first != project(x, y, most=40, keep=([499, 0, 250], [3]), seed=2)
    assert len(first.source) == 40
    assert {0, 250, 499} <= set(first.source_rows)
    assert first.target_rows == tuple(range(30))
    chosen = x[list(first.source_rows)]
    np.testing.assert_allclose(first.source, by_svd(chosen, y)[0], atol=1e-9)


def test_every_row_is_as_likely_as_any_other():
    """500 choices of 10 of 50 rows: a row is among them 100 times, sd 9; the bound is five of these."""
    x = np.random.default_rng(4).normal(size=(50, 2))
    times = np.zeros(50)
    for seed in range(500):
        times[list(project(x, x, most=10, seed=seed).source_rows)] += 1
    assert np.abs(times - 100).max() < 45


def test_very_wide_rows_are_thinned(monkeypatch):
    monkeypatch.setattr(projection, "_VALUES", 60 * 40)
    rng = np.random.default_rng(5)
    assert [len(project(rng.normal(size=(90, d)), np.ones((3, d))).source) for d in (20, 40, 4000)] == [90, 60, 50]


def test_rows_in_every_form(tmp_path):
    import torch

    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(70, 3)), rng.normal(size=(20, 3))
    expected = project(x, y, most=25)
    np.save(tmp_path / "x.npy", x)
    for form in (torch.from_numpy(x), np.load(tmp_path / "x.npy", mmap_mode="r"), [x[:30], x[30:]]):
        assert project(form, y, most=25) == expected
    once = project(iter([x[:9], x[9:]]), y, most=25)  # goes through a file of float32
    np.testing.assert_allclose(once.source, expected.source, atol=1e-5)


@pytest.mark.parametrize("d", [1, 3])
def test_rows_without_a_second_direction(d):
    x, y = np.zeros((5, d)), np.ones((4, d))
    found = project(x, y)
    assert found.explained == pytest.approx((1, 0), abs=1e-12)
    np.testing.assert_allclose(np.array(found.source)[:, 1], 0, atol=1e-7)
    same = project(np.ones((5, d)), np.ones((4, d)))
    assert same.explained == (0, 0)
    assert not np.any(same.source)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"x": np.full((5, 2), np.nan)}, "x"),
        ({"y": np.zeros((5, 3))}, "y"),
        ({"y": np.zeros((1, 2))}, "y"),
        ({"x": np.zeros(5)}, "x"),
        ({"x": np.array([["a", "b"]] * 3)}, "x"),
        ({"keep": ([5], [])}, "keep"),
        ({"keep": ([], [-1])}, "keep"),
        ({"most": 1}, "most"),
    ],
)
def test_bad_input_is_named(wrong, named):
    with pytest.raises(DataError, match=f"^{named}"):
        project(**{"x": np.zeros((5, 2)), "y": np.ones((5, 2)), **wrong})
