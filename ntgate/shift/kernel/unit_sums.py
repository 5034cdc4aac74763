"""Sums of a kernel over units of rows: all that the MMD, its permutations and its effect size need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntgate.shift.kernel.numpy_or_torch import Place
from ntgate.shift.kernel.threads import alone, in_order
from ntgate.shift.kernel.units import Units, labellings

Floats = npt.NDArray[np.float64]

_AT_ONCE = 2**19  # random numbers drawn together


@dataclass(frozen=True, eq=False)
class UnitSums:
    """Sums for ``s`` bandwidths over ``u`` units, the diagonal included. Float64.

    Attributes:
        of_first: ``(s, u)``, the sum between a unit and the first sample.
        of_all: ``(s, u)``, the sum between a unit and all rows.
        own: ``(s, u)``, the sum within a unit.
        quadratic: ``(s, B + 1)``, ``a' K a`` for each labelling ``a`` of zeros and ones, column 0 as observed.
        sum_first: ``(s, B + 1)``, ``a' K 1``.
    """

    of_first: Floats
    of_all: Floats
    own: Floats
    quadratic: Floats
    sum_first: Floats


def columns(units: Units, permutations: int, seed: Sequence[int], place: Place) -> npt.NDArray[np.float32]:
    """Columns of float32: ones, and labellings with 1 for the first sample and 0 else, as observed and permuted.

    A few more columns fill ``B + 2`` up to a multiple of eight, ``(u, 8 k)``: the matrix product is quicker then.
    """
    found = np.ones((units.total, -(-(permutations + 2) // 8) * 8), dtype=np.float32)
    found[:, 1] = units.of_first

    def fill(start: int) -> None:
        count = min(step, permutations - start)
        labels = labellings(units, count, np.random.default_rng([*seed, start]))
        found[:, 2 + start : 2 + start + count] = labels.T

    step = max(1, _AT_ONCE // units.total)
    for _ in in_order(fill, range(0, permutations, step), place, small=step >= permutations):
        pass
    return found


def permuted(between: Floats, units: Units, permutations: int, seed: Sequence[int], place: Place) -> UnitSums:
    """The sums from those between all pairs of units, ``between`` ``(s, u, u)`` in float64.

    Labellings are applied in float32 to the centred matrix, whose entries are of the size of the statistic itself: the error
    stays below a ten-thousandth of the statistic's standard deviation.
    """
    of_all = between.sum(axis=2)
    total = of_all.sum(axis=1)
    of_first = between[:, :, units.of_first].sum(axis=2)
    share = units.first / units.total
    mean = of_all / units.total
    centred = (between - mean[:, None] - mean[:, :, None] + (total / units.total**2)[:, None, None]).astype(np.float32)
    labels = columns(units, permutations, seed, place)[:, 1 : permutations + 2]  # (u, B + 1)
    with alone():
        inner = np.stack([np.sum((matrix @ labels) * labels, axis=0, dtype=np.float64) for matrix in centred])
    # a'Ka from a'Ca, where C = HKH and a has units.first ones.
    sum_first = mean @ labels.astype(np.float64) * units.total
    return UnitSums(
        of_first=of_first,
        of_all=of_all,
        own=np.diagonal(between, axis1=1, axis2=2),
        quadratic=inner + 2 * share * sum_first - share**2 * total[:, None],
        sum_first=sum_first,
    )
