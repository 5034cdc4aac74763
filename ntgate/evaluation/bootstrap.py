"""The stratified paired bootstrap: rows are drawn again within each class, and both models are scored on the same draw.

Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and 16.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.metrics import Floats, Metric, weighted


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
    metric: Metric,
    y: npt.NDArray[np.int64],
    first: Floats,
    second: Floats,
    *,
    margin: float,
    alpha: float,
    resamples: int,
    seed: int,
) -> PairedBootstrap:
    """Resample the rows of ``y`` ``(n,)`` with the scores ``(n, c)`` of both models.

    A class keeps its number of rows in every resample, so no class vanishes. Rows are drawn as multinomial counts, and a
    block of resamples is scored at a time: memory stays near 64 MB whatever ``n``.
    """
    rng = np.random.default_rng(seed)
    strata = [np.flatnonzero(y == k) for k in np.unique(y)]
    block = max(1, int(8e6 // max(len(y), 1)))
    differences = []
    for start in range(0, resamples, block):
        count = min(block, resamples - start)
        weights = np.zeros((count, len(y)))
        for rows in strata:
            weights[:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=count)
        differences.append(weighted(metric, y, first, weights) - weighted(metric, y, second, weights))
    gains = np.concatenate(differences)
    low, high = np.quantile(gains, [alpha, 1 - alpha])
    return PairedBootstrap((float(low), float(high)), float((1 + np.sum(gains <= margin)) / (resamples + 1)))
