"""A paired test of accuracy for rows that come in clusters: patients, sites, days, whose rows are alike.

The total of a cluster over what the hypothesis expects, ``T_k = sum_k (x - margin)``, is the unit; the statistic is
``sum T_k / sqrt(sum T_k^2)``, compared with Student's t of one degree of freedom less than there are clusters. At margin 0 and
with the normal distribution this is the clustered McNemar test of Durkalski, Palesch, Lipsitz and Rust, "Analysis of clustered
matched-pair data", Statistics in Medicine 22 (2003), equation 3; see also Obuchowski, "On the comparison of correlated
proportions for clustered data", Statistics in Medicine 17 (1998).

Why this one: at level 0.05, with 10 clusters of unequal sizes (log-normal, spread 1) and a correlation of 0.1 within them, it
rejected true hypotheses in 1.6 % (margin 0) and 2.3 % (margin -0.02) of 3,000 simulations, with 20 in 2.8 and 4.5 %. With the
normal distribution it was 5.9 % at the margin; sign flips of whole clusters, which need ``T_k`` to be symmetric, 7.5 %; the
jackknife with Student's t 7.8 %, the cluster-robust t 10.6 %. The price is power: 0.30 beside 0.36 of sign flips with 10 equal
clusters, 0.61 beside 0.62 with 20.

Assumptions: clusters are independent and drawn as those to come. No test sees a kind of cluster that is not in the sample: where a
rare kind loses much, few clusters promise too much whatever the statistic.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError
from ntgate.evaluation.mcnemar import mcnemar_exact
from ntgate.evaluation.tango import tango_interval, tango_p_value

Differences = npt.NDArray[np.integer] | npt.NDArray[np.floating]


def cluster_test(
    differences: Differences, groups: npt.NDArray[np.generic], margin: float, alpha: float
) -> tuple[tuple[float, float], float]:
    """Interval of level ``1 - 2 alpha`` and one-sided p-value of the mean difference against ``margin``.

    Neither claims more than the test for independent rows does: a cluster test alone sees no variance where no row is discordant.

    Args:
        differences: ``(n,)``, 1 where only the first model is right, -1 where only the second is, 0 elsewhere.
        groups: ``(n,)``, which cluster a row belongs to.
        margin: the mean difference that has to be exceeded.
        alpha: level of each side.

    Returns:
        The interval and the p-value; [-1, 1] and 1 when there are too few clusters for this level (:func:`too_few_clusters`).

    Raises:
        DataError: for other differences, or groups of another length.

    >>> rng = np.random.default_rng(0)
    >>> gains = rng.choice([1, 0, -1], size=400, p=[0.15, 0.8, 0.05])
    >>> interval, p_value = cluster_test(gains, np.arange(400) % 20, margin=0.0, alpha=0.05)
    >>> [round(bound, 3) for bound in interval], p_value < 0.01
    ([0.044, 0.121], True)
    """
    x = np.asarray(differences, np.float64)
    if x.shape != np.shape(groups) or not np.isin(x, (-1, 0, 1)).all():
        raise DataError(
            "differences, groups",
            expected="1, 0 or -1 and a cluster for each row",
            got=f"shapes {x.shape} and {np.shape(groups)}, values {np.unique(x)[:5].tolist()}",
            fix="compare two models' answers",
        )
    totals, sizes = _by_cluster(x, groups)
    clusters, gained, lost, n = len(sizes), int((x > 0).sum()), int((x < 0).sum()), len(x)
    if too_few_clusters(groups, alpha):
        return (-1.0, 1.0), 1.0
    rows = mcnemar_exact(gained, lost) if margin == 0 else tango_p_value(gained, lost, n, margin)
    lower, upper = tango_interval(gained, lost, n, alpha)
    low, high = _interval(totals, sizes, _student(alpha, clusters))
    return (min(low, lower), max(high, upper)), max(rows, _p_value(totals - margin * sizes))


def too_few_clusters(groups: npt.NDArray[np.generic], alpha: float) -> str | None:
    """Why no outcome of these clusters could be significant at ``alpha``, or None.

    Unequal clusters count as fewer equal ones, ``n^2 / sum n_k^2`` (Kish, "Survey Sampling", 1965, section 8.2).

    >>> too_few_clusters(np.repeat([1, 2, 3, 4], 50), 0.05)
    '4 clusters count as 4.0 equal ones; at level 0.05 more than 5.5 are needed for any verdict'
    >>> too_few_clusters(np.arange(200) % 10, 0.05) is None
    True
    """
    sizes = np.unique(np.asarray(groups), return_counts=True)[1].astype(np.float64)
    effective = effective_clusters(sizes)
    least = _student(alpha, len(sizes)) ** 2 if len(sizes) > 1 else math.inf
    if effective > least:
        return None
    needed = f"more than {least:.1f}" if math.isfinite(least) else "more"
    return f"{len(sizes)} clusters count as {effective:.1f} equal ones; at level {alpha:.3g} {needed} are needed for any verdict"


def effective_clusters(sizes: npt.NDArray[np.float64]) -> float:
    """The number of equal clusters that weigh as much as clusters of these sizes; 0 of none.

    >>> effective_clusters(np.array([10.0, 10.0])), round(effective_clusters(np.array([90.0, 5.0, 5.0])), 2)
    (2.0, 1.23)
    """
    return float(sizes.sum() ** 2 / (sizes**2).sum()) if len(sizes) else 0.0


def _by_cluster(x: npt.NDArray[np.float64], groups: npt.NDArray[np.generic]) -> tuple[npt.NDArray[np.float64], ...]:
    """Total difference and number of rows of each cluster."""
    _, which = np.unique(np.asarray(groups), return_inverse=True)
    return np.bincount(which, weights=x).astype(np.float64), np.bincount(which).astype(np.float64)


def _student(alpha: float, clusters: int) -> float:
    from scipy.special import stdtrit

    return float(-stdtrit(clusters - 1, alpha))


def _p_value(excess: npt.NDArray[np.float64]) -> float:
    from scipy.special import stdtr

    spread = math.sqrt(float((excess**2).sum()))
    return float(stdtr(len(excess) - 1, -excess.sum() / spread)) if spread > 0 else 1.0


def _interval(totals: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], bound: float) -> tuple[float, float]:
    """The margins that neither side refuses: between the roots of ``(sum T)^2 = bound^2 sum T^2``, quadratic in the margin.

    There are two while the clusters count as more than ``bound^2`` equal ones.
    """
    square = bound * bound
    a = sizes.sum() ** 2 - square * (sizes**2).sum()
    half_b = totals.sum() * sizes.sum() - square * (totals * sizes).sum()
    c = totals.sum() ** 2 - square * (totals**2).sum()
    root = math.sqrt(max(float(half_b**2 - a * c), 0.0))
    return max(-1.0, float((half_b - root) / a)), min(1.0, float((half_b + root) / a))
