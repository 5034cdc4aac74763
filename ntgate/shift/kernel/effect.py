"""How large a shift is, whatever the number of rows.

The effect size is the coefficient of inhomogeneity of Szekely and Rizzo, "Energy statistics: a class of statistics based on
distances", J. Stat. Plan. Inference 143 (2013), section 2, for the distance ``1 - k``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from ntgate.shift.kernel.unit_sums import UnitSums
from ntgate.shift.kernel.units import Units

Floats = npt.NDArray[np.float64]


def effect_size(sums: UnitSums, at: int, units: Units) -> tuple[float, tuple[float, float]]:
    """The effect size at one bandwidth, and its 95 % interval by leaving out one unit of rows at a time.

    Args:
        sums: of the kernels.
        at: which bandwidth.
        units: the groups of rows.
    """
    first = units.of_first
    of_first, of_second = sums.of_first[at], sums.of_all[at] - sums.of_first[at]
    own = sums.own[at]
    within, across, other = of_first[first].sum(), of_second[first].sum(), of_second[~first].sum()
    (n, m), size = units.rows, units.size
    whole = float(_coefficient(within, across, other, n, m))
    if min(n, m) <= 2 * size:  # leaving out a unit leaves no pairs
        return min(max(whole, 0.0), 1.0), (0.0, 1.0)
    without_first = _coefficient(within - 2 * of_first[first] + own[first], across - of_second[first], other, n - size, m)
    without_second = _coefficient(within, across - of_first[~first], other - 2 * of_second[~first] + own[~first], n, m - size)
    # Welch: where one sample has few units, its part of the variance is little known, and the interval is wider.
    parts = [
        ((len(part) - 1) / len(part) * float(((part - part.mean()) ** 2).sum()), len(part) - 1)
        for part in (without_first, without_second)
    ]
    variance = sum(part for part, _ in parts)
    freedom = variance**2 / max(sum(part**2 / of for part, of in parts), 1e-300) if variance else 1.0
    half = float(stdtrit(freedom, 0.975)) * variance**0.5
    low, value, high = (min(max(whole + step, 0.0), 1.0) for step in (-half, 0.0, half))
    return value, (low, high)


def _coefficient(within: Any, across: Any, other: Any, n: int, m: int) -> Floats:
    mmd2 = (within - n) / (n * (n - 1)) + (other - m) / (m * (m - 1)) - 2 * across / (n * m)
    return np.asarray(mmd2 / np.maximum(2 * (1 - across / (n * m)), 1e-30))
