"""Sums of a Gaussian kernel over blocks of rows: everything the MMD needs, without the kernel matrix.

Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012), needs sums of ``k(z_i, z_j)`` over pairs within and across two
samples. They are taken block by block over the upper triangle of the pooled rows, so memory does not grow with ``N^2``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 1024


@dataclass(frozen=True, eq=False)
class KernelSums:
    """Sums over units of rows for ``s`` bandwidths; a unit is a row or a bin of rows, and the diagonal is included.

    Attributes:
        quadratic: float64 ``(s, c)``, ``u' K u`` for each column ``u`` of the labellings.
        of_first: float64 ``(s, units)``, the sum between a unit and the first sample.
        of_all: float64 ``(s, units)``, the sum between a unit and all rows.
        own: float64 ``(s, units)``, the sum within a unit.
        squared: float64 ``(s,)``, the sum of squared kernel values.
    """

    quadratic: Tensor
    of_first: Tensor
    of_all: Tensor
    own: Tensor
    squared: Tensor


def row_sums(z: Tensor, bandwidths: Sequence[float], labellings: Tensor) -> KernelSums:
    """The sums with every row a unit: the labellings are multiplied with each block of the kernel.

    Args:
        z: pooled rows, float32 ``(N, d)``, centred.
        bandwidths: kernel widths.
        labellings: float32 ``(N, c)`` of 0 and 1; column 0 marks the first sample as observed.
    """
    count, size = len(bandwidths), len(z)
    quadratic = torch.zeros(count, labellings.shape[1], dtype=torch.float64, device=z.device)
    of_first, of_all = (torch.zeros(count, size, dtype=torch.float64, device=z.device) for _ in range(2))
    squared = torch.zeros(count, dtype=torch.float64, device=z.device)
    for rows, columns, distances in _distances(z, BLOCK):
        mirrored = rows.start != columns.start
        for s, kernel in enumerate(_kernels(distances, bandwidths)):
            product = kernel @ labellings[columns]
            # Float32 within a block of at most 1,024 rows, float64 across blocks.
            quadratic[s] += (labellings[rows] * product).sum(dim=0, dtype=torch.float64) * (1 + mirrored)
            of_first[s, rows] += product[:, 0]
            of_all[s, rows] += kernel.sum(dim=1, dtype=torch.float64)
            squared[s] += kernel.square().sum(dtype=torch.float64) * (1 + mirrored)
            if mirrored:
                of_first[s, columns] += kernel.T @ labellings[rows, 0]
                of_all[s, columns] += kernel.sum(dim=0, dtype=torch.float64)
    return KernelSums(quadratic, of_first, of_all, torch.ones_like(of_all), squared)


def bin_sums(z: Tensor, bandwidths: Sequence[float], labellings: Tensor) -> KernelSums:
    """The sums with consecutive bins of equally many rows as units: permuting bins needs only the sums between them.

    Args:
        z: pooled rows, float32 ``(C * size, d)``, centred.
        bandwidths: kernel widths.
        labellings: float32 ``(C, c)`` of 0 and 1; column 0 marks the bins of the first sample as observed.
    """
    count, bins = len(bandwidths), len(labellings)
    size = len(z) // bins
    between = torch.zeros(count, bins, bins, dtype=torch.float64, device=z.device)
    squared = torch.zeros(count, dtype=torch.float64, device=z.device)
    for rows, columns, distances in _distances(z, max(1, BLOCK // size) * size):
        down, across = (slice(part.start // size, part.stop // size) for part in (rows, columns))
        mirrored = rows.start != columns.start
        for s, kernel in enumerate(_kernels(distances, bandwidths)):
            part = kernel.view(-1, size, kernel.shape[1]).sum(dim=1).view(-1, kernel.shape[1] // size, size).sum(dim=2)
            between[s, down, across] = part.double()
            squared[s] += kernel.square().sum(dtype=torch.float64) * (1 + mirrored)
            if mirrored:
                between[s, across, down] = part.double().T
    labels = labellings.double()
    return KernelSums(
        quadratic=((between @ labels) * labels).sum(dim=1),
        of_first=between @ labels[:, 0],
        of_all=between.sum(dim=2),
        own=between.diagonal(dim1=1, dim2=2),
        squared=squared,
    )


def _distances(z: Tensor, block: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """Blocks of squared distances over the upper triangle, with their row and column ranges."""
    norms = z.square().sum(dim=1)
    parts = [slice(start, min(start + block, len(z))) for start in range(0, len(z), block)]
    for i, rows in enumerate(parts):
        for columns in parts[i:]:
            squared = torch.addmm(norms[columns], z[rows], z[columns].T, alpha=-2)
            squared.add_(norms[rows, None]).clamp_(min=0)
            if rows.start == columns.start:
                squared.fill_diagonal_(0)
            yield rows, columns, squared


def _kernels(squared_distance: Tensor, bandwidths: Sequence[float]) -> Iterator[Tensor]:
    for bandwidth in bandwidths:
        yield torch.exp(squared_distance * (-0.5 / bandwidth**2))
