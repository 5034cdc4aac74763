"""Kernel bandwidths from the pooled rows, in a way that permuting the samples cannot change."""

from __future__ import annotations

import torch
from torch import Tensor

_ROWS = 1000
_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


def median_distance(z: Tensor) -> float:
    """The median distance between the pooled rows ``z`` ``(N, d)``; 0 when more than half of the rows coincide.

    Of more than 1,000 rows a part is used, chosen by content: every ``N / 1000``-th along a random direction. A choice by
    position would know which sample a row belongs to, and the permutation test would no longer be exact.
    """
    if len(z) > _ROWS:
        direction = torch.randn(z.shape[1], generator=torch.Generator().manual_seed(0)).to(z)
        order = torch.argsort(z @ direction, stable=True)
        z = z[order[torch.linspace(0, len(z) - 1, _ROWS, device=z.device).long()]]
    return float(torch.nn.functional.pdist(z).median())


def bandwidths_around(z: Tensor) -> tuple[float, ...]:
    """Five bandwidths, from a quarter of the median distance to four times as much.

    A single bandwidth is blind to changes at other scales (Schrab et al., "MMD Aggregated Two-Sample Test", JMLR 24 (2023)).
    """
    median = median_distance(z)
    return tuple(factor * median for factor in _FACTORS) if median > 0 else ()
