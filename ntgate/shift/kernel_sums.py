"""Sums of a Gaussian kernel over blocks of rows: everything the MMD needs, without the kernel matrix.

Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012), needs sums of ``k(z_i, z_j)`` over pairs within and across two
samples. They are taken panel by panel over the upper triangle of the pooled rows, so memory does not grow with ``N^2``. The
floor is the product of the rows with each other, ``N^2 d`` operations; the passes over a block of the kernel that come on top
work in a core's own cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from ntgate.shift.unit_sums import UnitSums
from ntgate.shift.units import Units

# Rows and columns of a block: smaller, and packing slows the product; larger, and the passes over the kernel wait for memory.
PANEL, STRIP = 1024, 1024
GPU_PANEL, GPU_STRIP = 4096, 8192


def between_bins(ready: Tensor, bandwidths: Sequence[float], bins: int) -> Tensor:
    """Kernel sums between ``bins`` bins of consecutive rows, float64 ``(s, bins, bins)``.

    Args:
        ready: from :func:`~ntgate.shift.pooled.pooled`, ``(bins * size, d + 2)``.
        bandwidths: kernel widths, ascending; the rows are ready for the last.
        bins: how many.
    """
    size = len(ready) // bins
    panel, strip = _blocking(ready, size)
    between = torch.zeros(len(bandwidths), bins, bins, dtype=torch.float64, device=ready.device)
    for rows, columns, kernels in _blocks(ready, panel, strip, bandwidths):
        down, across = ((part.stop - part.start) // size for part in (rows, columns))
        # Down first: adding rows to rows is the quicker way through a block.
        below = torch.stack([kernel.view(down, size, -1).sum(dim=1) for kernel in kernels])
        at = slice(rows.start // size, rows.stop // size), slice(columns.start // size, columns.stop // size)
        between[:, at[0], at[1]] = below.view(-1, down, across, size).sum(dim=3).double()
    return (between.triu() + between.triu(1).mT).flip(0)


def of_rows(ready: Tensor, bandwidths: Sequence[float], labels: Tensor, units: Units) -> UnitSums:
    """The sums with every row a unit: each block of the kernel is multiplied with the labellings.

    ``N^2 (d + s B)`` operations: symmetry halves the kernel and its products alike.

    Args:
        ready: from :func:`~ntgate.shift.pooled.pooled`, ``(N, d + 2)``.
        bandwidths: kernel widths, ascending.
        labels: float32 ``(N, B + 2)``: a column of ones, and the labellings with 1 for the first sample and 0 else, as observed
            and permuted. Overwritten.
        units: the groups, of one row each.
    """
    panel, strip = _blocking(ready, 1)
    share = units.first / units.total
    # Centred labels add up to nothing: products stay small, and float32 sums of them exact enough.
    labels[:, 1:] -= share
    observed = labels[:, :2].T.contiguous()

    quadratic = torch.zeros(len(bandwidths), labels.shape[1] - 1, dtype=torch.float64, device=ready.device)
    sides = torch.zeros(len(bandwidths), 2, len(ready), dtype=torch.float64, device=ready.device)
    for rows, columns, kernels in _blocks(ready, panel, strip, bandwidths, accurate=True):
        for s, kernel in enumerate(kernels):
            product = kernel @ labels[columns]
            sides[s, :, rows] += product[:, :2].T
            times = 1
            if columns != rows:  # the square on the diagonal counts once, the rest for both triangles
                sides[s, :, columns] += observed[:, rows] @ kernel
                times = 2
            quadratic[s] += times * product[:, 1:].mul_(labels[rows, 1:]).sum(dim=0, dtype=torch.float64)
    quadratic, (of_all, of_centred) = quadratic.flip(0), sides.flip(0).unbind(1)
    total = of_all.sum(dim=1, keepdim=True)
    sum_first = (of_all - of_all.mean(dim=1, keepdim=True)).float() @ labels[:, 1:] + share * total
    return UnitSums(
        of_first=(of_centred + share * of_all).cpu(),
        of_all=of_all.cpu(),
        own=torch.ones_like(of_all).cpu(),
        quadratic=(quadratic + 2 * share * sum_first - share**2 * total).cpu(),
        sum_first=sum_first.cpu(),
    )


def _blocking(ready: Tensor, size: int) -> tuple[int, int]:
    """Rows of a panel and columns of a strip, in whole units."""
    panel, strip = (PANEL, STRIP) if ready.device.type == "cpu" else (GPU_PANEL, GPU_STRIP)
    return max(1, panel // size) * size, max(1, strip // size) * size


def _blocks(
    ready: Tensor, panel: int, strip: int, bandwidths: Sequence[float], *, accurate: bool = False
) -> Iterator[tuple[slice, slice, Iterator[Tensor]]]:
    """Blocks of the kernels over the upper triangle, with their rows and columns: a square on the diagonal, and what is right of it.

    Each kernel is valid until the next is asked for.
    """
    log, room = ready.new_empty(2, panel * max(panel, strip))
    for start in range(0, len(ready), panel):
        rows = slice(start, min(start + panel, len(ready)))
        # One and squared norm change places on the left side of the product.
        left = torch.cat([ready[rows, :-2], ready[rows, -1:], ready[rows, -2:-1]], dim=1)
        for low, high in pairwise([start, *range(rows.stop, len(ready), strip), len(ready)]):
            shape = (len(left), high - low)
            exponent, kernel = (part[: math.prod(shape)].view(shape) for part in (log, room))
            torch.mm(left, ready[low:high].T, out=exponent)
            if low == start:
                exponent.fill_diagonal_(0)
            yield rows, slice(low, high), _kernels(exponent, kernel, bandwidths, accurate)


def _kernels(exponent: Tensor, kernel: Tensor, bandwidths: Sequence[float], accurate: bool) -> Iterator[Tensor]:
    """The kernels of one block, the widest first."""
    widest = bandwidths[-1]
    torch.exp2(exponent, out=kernel)
    yield kernel
    for wide, narrow in zip(bandwidths[:0:-1], bandwidths[-2::-1], strict=True):
        if not accurate and wide == 2 * narrow:
            # A third of the time of another exp2; the error, a few units in the last place, grows fourfold each time.
            kernel.square_().square_()
        else:
            torch.exp2(torch.mul(exponent, (widest / narrow) ** 2, out=kernel), out=kernel)
        yield kernel
