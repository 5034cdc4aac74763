"""Sums of a kernel over units of rows: all that the MMD, its permutations and its effect size need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ntgate.shift.units import Units


@dataclass(frozen=True, eq=False)
class UnitSums:
    """Sums for ``s`` bandwidths over ``u`` units, the diagonal included. Float64, on the CPU.

    Attributes:
        of_first: ``(s, u)``, the sum between a unit and the first sample.
        of_all: ``(s, u)``, the sum between a unit and all rows.
        own: ``(s, u)``, the sum within a unit.
        quadratic: ``(s, B + 1)``, ``a' K a`` for each labelling ``a`` of zeros and ones, column 0 as observed.
        sum_first: ``(s, B + 1)``, ``a' K 1``.
    """

    of_first: Tensor
    of_all: Tensor
    own: Tensor
    quadratic: Tensor
    sum_first: Tensor


def permuted(between: Tensor, units: Units, labels: Iterable[npt.NDArray[np.bool_]]) -> UnitSums:
    """The sums from those between all pairs of units, ``between`` ``(s, u, u)`` in float64.

    Labellings are applied in float32 to the centred matrix, whose entries are of the size of the statistic itself: the error
    stays below a ten-thousandth of the statistic's standard deviation.
    """
    of_all = between.sum(dim=2)
    total = of_all.sum(dim=1)
    of_first = between[:, :, : units.first].sum(dim=2)
    share = units.first / units.total
    mean = of_all / units.total
    centred = (between - mean[:, None] - mean[:, :, None] + (total / units.total**2)[:, None, None]).float()
    quadratic, sum_first = [], []
    # As observed, and all others in the same arithmetic: where rounding decides, it decides without favour.
    for part in chain([np.arange(units.total)[None] < units.first], labels):
        chosen = torch.from_numpy(part).T.to(centred)  # (u, k)
        inner = torch.stack([((matrix @ chosen) * chosen).sum(dim=0, dtype=torch.float64) for matrix in centred])
        # a'Ka from a'Ca, where C = HKH and a has units.first ones.
        sums = mean @ chosen.double() * units.total
        quadratic.append(inner + 2 * share * sums - share**2 * total[:, None])
        sum_first.append(sums)
    return UnitSums(
        of_first=of_first.cpu(),
        of_all=of_all.cpu(),
        own=between.diagonal(dim1=1, dim2=2).cpu(),
        quadratic=torch.cat(quadratic, dim=1).cpu(),
        sum_first=torch.cat(sum_first, dim=1).cpu(),
    )
