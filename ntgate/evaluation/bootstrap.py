"""The stratified paired bootstrap: rows are drawn again within each class, and both models are scored on the same draw.

Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and 16. Rows in clusters: whole clusters are drawn
again (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8), with percentiles expanded for the number
of clusters (Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69, 2015, section 5.3).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.clusters import effective_clusters
from ntgate.evaluation.types import Floats, Weighted


@dataclass(frozen=True)
class PairedBootstrap:
    """A difference of two models' scores under resampling.

    Attributes:
        interval: percentile interval of level ``1 - 2 alpha``.
        p_value: ``(1 + b) / (B + 1)``, with ``b`` resamples in which the difference is at most the margin.
    """

    interval: tuple[float, float]
    p_value: float


def paired_bootstrap(
    metric: Weighted,
    y: npt.NDArray[np.int64],
    first: Floats,
    second: Floats,
    *,
    sign: float = 1.0,
    span: float = 1.0,
    margin: float,
    alpha: float,
    resamples: int,
    seed: int,
    groups: npt.NDArray[np.generic] | None = None,
) -> PairedBootstrap:
    """Resample the rows of ``y`` ``(n,)`` with the scores ``(n, c)`` of both models.

    ``sign`` is -1 where a smaller score is a better one, and ``span`` the largest gain that there can be.

    A class keeps its number of rows in every resample, so no class vanishes.

    With ``groups`` ``(n,)`` whole clusters are drawn, within a class where each cluster has one class only, otherwise all
    together. Then a class can vanish; a resample without a score counts against either side. Few clusters vary less in resamples
    than in truth: percentiles and p-value are those of Student's t with one degree of freedom less than there are clusters of
    equal size (unequal ones count as fewer).
    """
    drawn = row_weights(y, resamples=resamples, seed=seed, groups=groups)
    pairs = [metric.weighted(y, first, rows) - metric.weighted(y, second, rows) for rows in drawn]
    gains = sign * np.concatenate(pairs)
    p_value = float((1 + np.sum(~(gains > margin))) / (resamples + 1))
    lowest = highest = gains
    if groups is not None:
        clusters = effective_clusters(np.unique(groups, return_counts=True)[1].astype(np.float64))
        alpha, p_value = _expanded_level(alpha, clusters), _expanded_p_value(p_value, clusters)
        lowest, highest = (np.where(np.isnan(gains), worst, gains) for worst in (-span, span))
    return PairedBootstrap((float(np.quantile(lowest, alpha)), float(np.quantile(highest, 1 - alpha))), p_value)


def row_weights(
    y: npt.NDArray[np.int64], *, resamples: int, seed: int, groups: npt.NDArray[np.generic] | None = None
) -> Iterator[Floats]:
    """How often each resample has each row, in blocks ``(b, n)`` that together are ``resamples``.

    Rows are drawn as multinomial counts, a block at a time: memory stays near 64 MB whatever ``n``.
    """
    rng = np.random.default_rng(seed)
    units = np.arange(len(y)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    strata = _strata(y, units)
    block = max(1, int(8e6 // max(len(y), 1)))
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        weights = np.zeros((count, int(units.max(initial=-1)) + 1))
        for drawn in strata:
            weights[:, drawn] = rng.multinomial(len(drawn), np.full(len(drawn), 1 / len(drawn)), size=count)
        yield weights if groups is None else weights[:, units]


def _strata(y: npt.NDArray[np.int64], units: npt.NDArray[np.intp]) -> list[npt.NDArray[np.intp]]:
    """The units (rows or clusters) of each class; all in one where a unit has rows of several classes."""
    pairs = np.unique(np.stack([units, y]), axis=1)
    if len(np.unique(pairs[0])) < pairs.shape[1]:
        return [np.unique(units)]
    return [pairs[0][pairs[1] == k] for k in np.unique(y)]


def _expanded_level(alpha: float, clusters: float) -> float:
    """The normal level whose percentile is where Student's would be; 0 with fewer than two clusters."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(stdtrit(clusters - 1, alpha) * math.sqrt(clusters / (clusters - 1)))) if clusters > 1 else 0.0


def _expanded_p_value(p_value: float, clusters: float) -> float:
    """The inverse: Student's p-value of a share of resamples."""
    from scipy.special import ndtri, stdtr

    return float(stdtr(clusters - 1, float(ndtri(p_value)) * math.sqrt((clusters - 1) / clusters))) if clusters > 1 else 1.0
