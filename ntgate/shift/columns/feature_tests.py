"""One two-sample test for every feature on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.shift.judgement import Tested

Floats = npt.NDArray[np.floating]
FeatureTest = Literal["kolmogorov_smirnov", "chi_squared", "fisher", "none"]

CATEGORIES = 10  # distinct values up to which a feature counts as categorical
_EXACT = 1000  # rows of a domain up to which Kolmogorov-Smirnov p-values are exact
_FEWEST = 5  # expected rows of a cell for the chi-squared distribution to hold
_TABLES = 9999  # random tables where it does not


class Moved(NamedTuple):
    """What one feature's test found.

    Attributes:
        test: which one; ``none`` for a constant feature.
        effect: the greatest difference of probability between the domains, from 0 to 1: of events "at most v" for numbers
            (the Kolmogorov-Smirnov statistic), of any set of values for categories (total variation).
        p_value: unadjusted.
    """

    test: FeatureTest
    effect: float
    p_value: float


_NOTHING = Moved("none", 0.0, 1.0)  # of a feature that one sample knows no value of


def per_feature(x: Floats, y: Floats, labels: Sequence[str], *, seed: int, marks: Sequence[tuple[int, int]] = ()) -> Tested:
    """The tests of the features of ``x`` ``(n, d)`` and ``y`` ``(m, d)``, each by its label.

    Args:
        x: the first sample.
        y: the second one.
        labels: the feature that each of the ``d`` numbers belongs to; numbers of one feature are its categories, one-hot.
        seed: of random tables.
        marks: pairs of positions, of a number and of the one that marks where it is not known; it is tested where it is known.
    """
    names, rng = list(dict.fromkeys(labels)), np.random.default_rng([seed, 0])
    found = feature_tests(x, y, rng, labels)
    for number, mark in marks:
        known = [part[part[:, mark] < 0.5, number] for part in (x, y)]
        alone = feature_tests(known[0][:, None], known[1][:, None], rng)[0] if all(map(len, known)) else _NOTHING
        found[names.index(labels[number])] = alone
    return Tested(names, [one.effect for one in found], [one.p_value for one in found], [one.test for one in found])


def feature_tests(x: Floats, y: Floats, rng: np.random.Generator, labels: Sequence[str] | None = None) -> list[Moved]:
    """Test each of the ``d`` features of ``x`` ``(n, d)`` and ``y`` ``(m, d)``.

    Numbers: Kolmogorov-Smirnov, the p-value exact up to 1000 rows of a domain and otherwise by Kolmogorov's limit, which is
    never smaller. Ties are respected in the statistic, and make the p-value too large rather than too small. Ten
    distinct values or fewer: Fisher's exact test for two values, otherwise chi-squared, with random tables of equal margins
    where less than five rows of a cell are to be expected.

    Args:
        x: the first sample.
        y: the second one.
        rng: for random tables.
        labels: the feature that each number belongs to; numbers of one feature are its categories, one-hot, and have one test. The
            tests come in the order of the features' first numbers.
    """
    if labels is not None and len(set(labels)) < len(labels):
        return _with_categories(x, y, rng, labels)
    first, second = (np.sort(np.ascontiguousarray(part.T), axis=1) for part in (x, y))
    few = [np.count_nonzero(np.diff(part, axis=1), axis=1) < CATEGORIES for part in (first, second)]
    found = []
    for a, b, both in zip(first, second, few[0] & few[1], strict=True):
        values = np.unique(np.concatenate([np.unique(a), np.unique(b)])) if both else a
        if both and len(values) <= CATEGORIES:
            counts = [np.bincount(np.searchsorted(values, part), minlength=len(values)) for part in (a, b)]
            found.append(from_categories(np.stack(counts), rng))
        else:
            found.append(_numbers(a, b))
    return found


def _with_categories(x: Floats, y: Floats, rng: np.random.Generator, labels: Sequence[str]) -> list[Moved]:
    places: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        places.setdefault(label, []).append(place)
    alone = [own[0] for own in places.values() if len(own) == 1]
    found = dict(zip(alone, feature_tests(x[:, alone], y[:, alone], rng), strict=True)) if alone else {}
    for own in places.values():
        if len(own) > 1:
            counts = np.stack([_counts(part[:, own]) for part in (x, y)])
            found[own[0]] = from_categories(counts[:, counts.any(axis=0)], rng)
    return [found[own[0]] for own in places.values()]


def _counts(one_hot: Floats) -> npt.NDArray[np.int64]:
    """How many rows are of each category ``(n, k)``, and of none."""
    known = (one_hot > 0.5).sum(axis=0)
    return np.append(known, len(one_hot) - known.sum()).astype(np.int64)


def _numbers(a: Floats, b: Floats) -> Moved:
    """Kolmogorov-Smirnov on sorted samples ``(n,)`` and ``(m,)``."""
    from scipy.special import kolmogorov
    from scipy.stats import ks_2samp

    n, m = len(a), len(b)
    if max(n, m) <= _EXACT:
        found = ks_2samp(a, b, method="exact")
        return Moved("kolmogorov_smirnov", float(found.statistic), float(found.pvalue))
    pooled = np.concatenate([a, b])
    order = np.argsort(pooled, kind="stable")  # merges two sorted runs
    ordered = pooled[order]
    last = np.append(ordered[1:] != ordered[:-1], True)  # of rows with one value
    # Integers, so that the statistic is exact: n m (F_x - F_y).
    steps = np.cumsum(np.where(order < n, m, -n))[last]
    statistic = float(np.abs(steps).max() / (n * m))
    return Moved("kolmogorov_smirnov", statistic, float(kolmogorov(np.sqrt(n * m / (n + m)) * statistic)))


def from_counts(counts: npt.NDArray[np.int64]) -> Moved:
    """Kolmogorov-Smirnov from counts ``(2, k)`` of both samples between ascending values."""
    from scipy.special import kolmogorov

    n, m = counts.sum(axis=1).tolist()
    effect = float(np.abs(counts[0].cumsum() / n - counts[1].cumsum() / m).max())
    return Moved("kolmogorov_smirnov", effect, float(kolmogorov(np.sqrt(n * m / (n + m)) * effect)))


def from_categories(counts: npt.NDArray[np.int64], rng: np.random.Generator) -> Moved:
    """Test the shares of ``k`` categories from their counts ``(2, k)`` in both samples."""
    from scipy.stats import chi2, fisher_exact

    if counts.shape[1] == 1:
        return Moved("none", 0.0, 1.0)
    rows, pooled = counts.sum(axis=1), counts.sum(axis=0)
    effect = float(np.abs(counts[0] / rows[0] - counts[1] / rows[1]).sum() / 2)
    if counts.shape[1] == 2:
        return Moved("fisher", effect, float(fisher_exact(counts).pvalue))
    expected = rows[:, None] * pooled / rows.sum()
    statistic = float(((counts - expected) ** 2 / expected).sum())
    if expected.min() >= _FEWEST:
        return Moved("chi_squared", effect, float(chi2.sf(statistic, counts.shape[1] - 1)))
    drawn = rng.multivariate_hypergeometric(pooled, rows[0], size=_TABLES, method="marginals")
    # With both margins fixed, what the first row contributes decides: the second one's deviations are the same.
    statistics = ((drawn - expected[0]) ** 2 * (1 / expected).sum(axis=0)).sum(axis=1)
    return Moved("chi_squared", effect, float((1 + (statistics >= statistic * (1 - 1e-9)).sum()) / (_TABLES + 1)))
