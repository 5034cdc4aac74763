"""The shift report: all measures of one pair of domains."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from ntgate.base import Frozen
from ntgate.shift.config import ShiftConfig

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Representation = Literal["raw", "embedding"]


class ShiftReport(Frozen):
    """How far the target is from the source.

    Attributes:
        mmd2: signed unbiased MMD^2 at the median bandwidth.
        p_value: of the permutation test over all bandwidths.
        permutations: of that test.
        bandwidths: kernel widths.
        effect_size: coefficient of inhomogeneity, from 0 (same) to 1 (far apart).
        effect_interval: its 95 % interval.
        proxy_a_distance: from 0 (a classifier cannot tell the domains apart) to 2 (it never errs).
        proxy_a_distance_interval: its 95 % interval.
        n_source: source rows measured.
        n_target: target rows measured.
        representation: whether the rows were measured as they are or as embeddings of the source model.
        significant: whether the p-value is at most the configured level.
        seconds: wall time.
    """

    mmd2: float
    p_value: float
    permutations: int
    bandwidths: tuple[float, ...]
    effect_size: float
    effect_interval: tuple[float, float]
    proxy_a_distance: float
    proxy_a_distance_interval: tuple[float, float]
    n_source: int
    n_target: int
    representation: Representation
    significant: bool
    seconds: float

    @property
    def sentence(self) -> str:
        """The shift in words."""
        if not self.significant:
            return f"No shift shown (p = {self.p_value:.3g}): the domains may still differ in ways too small to see."
        far = self.proxy_a_distance
        size = "strong" if far >= 1 else "moderate" if far >= 0.4 else "slight"
        right = 100 * (1 - (1 - far / 2) / 2)
        return (
            f"A {size} shift (p = {self.p_value:.3g}): a linear classifier tells source from target rows "
            f"with {right:.0f} % accuracy."
        )


def measure(
    source: npt.NDArray[np.float32],
    target: npt.NDArray[np.float32],
    config: ShiftConfig,
    seed: int,
    *,
    representation: Representation,
) -> ShiftReport:
    """Measure the shift between two sets of rows ``(n, d)`` and ``(m, d)``.

    Each feature is first divided by its pooled standard deviation, so that no unit dominates the kernel. Beyond
    ``config.max_rows`` rows of a domain a seeded sample is measured.
    """
    import numpy as np

    from ntgate.shift.domain_classifier import proxy_a_distance
    from ntgate.shift.mmd import mmd_test

    began = time.perf_counter()
    rng = np.random.default_rng(seed)
    first, second = (
        rows if len(rows) <= config.max_rows else rows[np.sort(rng.permutation(len(rows))[: config.max_rows])]
        for rows in (source, target)
    )
    pooled = np.concatenate([first, second]).astype(np.float64)
    scale = np.maximum(pooled.std(axis=0), np.ptp(pooled, axis=0) / 20)
    scale[scale == 0] = 1
    test = mmd_test(first / scale, second / scale, permutations=config.permutations, seed=seed)
    distance = proxy_a_distance(first, second, seed=seed)
    return ShiftReport(
        mmd2=test.statistic,
        p_value=test.p_value,
        permutations=config.permutations,
        bandwidths=test.bandwidths,
        effect_size=test.effect_size,
        effect_interval=test.effect_interval,
        proxy_a_distance=distance.distance,
        proxy_a_distance_interval=distance.interval,
        n_source=len(first),
        n_target=len(second),
        representation=representation,
        significant=test.p_value <= config.alpha,
        seconds=time.perf_counter() - began,
    )
