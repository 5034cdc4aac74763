"""Which pairs of features depend on each other otherwise in the second domain.

A change of dependence leaves both features' own distributions alone, so no test of single features sees it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


class Dependence(NamedTuple):
    """Rank correlations ``(k,)`` of all pairs of features that vary in both domains, and the tests of their difference.

    Attributes:
        pairs: ``(k, 2)`` positions of the features.
        x: their correlation in the first domain.
        y: in the second.
        p_value: unadjusted.
    """

    pairs: npt.NDArray[np.int64]
    x: Floats
    y: Floats
    p_value: Floats


def dependence_tests(x: Floats, y: Floats) -> Dependence:
    """Compare the rank correlations of all pairs of features of ``x`` ``(n, d)`` and ``y`` ``(m, d)``.

    Features are replaced by their ranks in their own domain, which bounds outliers, and makes that a feature moved on its own no
    change of dependence. The variance of a correlation ``r`` of standardised ``u`` and ``v`` is estimated from both domains
    together, as the hypothesis says, without assuming a distribution: ``mean (u v - r (u^2 + v^2) / 2)^2 / n`` (Steiger and
    Hakstian, Br. J. Math. Stat. Psychol. 35 (1982)), which takes three matrix products a domain. It does not know that ranks were
    estimated, so it is at least ``(1 + r^2 / 2) (1 - r^2)^2 / n`` (Bonett and Wright, Psychometrika 65 (2000), for ranks of
    Gaussian features). The difference in standard errors is compared with Student's t.

    >>> rng = np.random.default_rng(0)
    >>> a, b = rng.normal(size=(500, 3)), rng.normal(size=(500, 3))
    >>> b[:, 2] = 0.8 * b[:, 0] + 0.6 * b[:, 2]
    >>> found = dependence_tests(a, b)
    >>> found.pairs[found.p_value < 1e-6].tolist()
    [[0, 2]]
    """
    from scipy.stats import t as student

    n, m = len(x), len(y)
    parts = _ranks(x), _ranks(y)
    varying = np.flatnonzero(np.all([np.ptp(part, axis=0) > 0 for part in parts], axis=0))
    moments = [_Moments.of(part[:, varying]) for part in parts]
    mean = (n * moments[0].correlation + m * moments[1].correlation) / (n + m)
    variance = (n * moments[0].variance(mean) + m * moments[1].variance(mean)) / (n + m)
    variance = np.maximum(variance, (1 + mean**2 / 2) * (1 - mean**2) ** 2) * (1 / n + 1 / m)
    upper = np.triu_indices(len(varying), k=1)
    first, second = (moment.correlation[upper] for moment in moments)
    # A pair that is exactly dependent, as two columns of one category, has no variance and mostly no difference.
    error = np.sqrt(np.maximum(variance[upper], 1e-12))
    p_value = 2 * student.sf(np.abs(second - first) / error, min(n, m) - 1)
    return Dependence(np.stack([varying[i] for i in upper], axis=1), first, second, p_value)


class _Moments(NamedTuple):
    """Moments of standardised features: correlations, ``mean u^2 v^2``, ``mean u^3 v``."""

    correlation: Floats
    squares: Floats
    cubes: Floats

    @classmethod
    def of(cls, rows: Floats) -> _Moments:
        unit = rows - rows.mean(axis=0)
        unit /= unit.std(axis=0)
        square = unit**2
        count = len(rows)
        return cls(unit.T @ unit / count, square.T @ square / count, (square * unit).T @ unit / count)

    def variance(self, r: Floats) -> Floats:
        """``mean (u v - r (u^2 + v^2) / 2)^2`` for correlations ``r`` ``(d, d)``."""
        fourth = np.diag(self.squares)
        spread = fourth[:, None] + fourth + 2 * self.squares
        return np.asarray(self.squares - r * (self.cubes + self.cubes.T) + r**2 / 4 * spread)


def _ranks(rows: Floats) -> npt.NDArray[np.float32]:
    """Ranks ``(n, d)`` of the values of every feature, from -1 to 1; equal values share their mean rank."""
    columns = np.ascontiguousarray(rows.T)
    order = np.argsort(columns, axis=1)
    ranks = np.empty(columns.shape, dtype=np.float32)
    for column, positions, found in zip(columns, order, ranks, strict=True):
        ordered = column[positions]
        start = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        length = np.diff(np.append(start, len(ordered)))
        found[positions] = np.repeat(2 * start + length, length) / len(ordered) - 1
    return np.ascontiguousarray(ranks.T)
