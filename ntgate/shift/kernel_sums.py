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

from ntgate.shift.threads import in_order
from ntgate.shift.unit_sums import UnitSums
from ntgate.shift.units import Units

PANEL, STRIP = 512, 512  # rows and columns of a block on a CPU: 1 MiB, a core's cache
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

    def sums(start: int) -> Tensor:
        found = []
        for columns, kernels in _strips(ready, start, panel, strip, bandwidths):
            across = (columns.stop - columns.start) // size
            # Down first: adding rows to rows is the quicker way through a block.
            below = [kernel.view(-1, size, kernel.shape[1]).sum(dim=1) for kernel in kernels]
            found.append(torch.stack(below).view(len(below), -1, across, size).sum(dim=3))
        return torch.cat(found, dim=2)

    between = torch.zeros(len(bandwidths), bins, bins, dtype=torch.float64, device=ready.device)
    starts = range(0, len(ready), panel)
    for start, part in zip(starts, in_order(sums, starts, ready.device), strict=True):
        at = start // size
        between[:, at : at + part.shape[1], at:] = part
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

    def sums(start: int) -> tuple[Tensor, Tensor]:
        rows = slice(start, min(start + panel, len(ready)))
        count = rows.stop - start
        product = ready.new_zeros(len(bandwidths), count, labels.shape[1])
        square = torch.empty_like(product)
        sides = torch.zeros(len(bandwidths), 2, len(ready) - start, dtype=torch.float64, device=ready.device)
        for columns, kernels in _strips(ready, start, panel, strip, bandwidths, accurate=True):
            for s, kernel in enumerate(kernels):
                if columns.start == start:  # the square on the diagonal counts once, the rest for both triangles
                    torch.mm(kernel, labels[rows], out=square[s])
                else:
                    product[s].addmm_(kernel, labels[columns])
                    sides[s, :, columns.start - start : columns.stop - start] += observed[:, rows] @ kernel
        sides[:, :, :count] += (product + square)[:, :, :2].mT
        quadratic = ((2 * product + square) * labels[rows])[:, :, 1:].sum(dim=1, dtype=torch.float64)
        return quadratic, sides

    quadratic = torch.zeros(len(bandwidths), labels.shape[1] - 1, dtype=torch.float64, device=ready.device)
    sides = torch.zeros(len(bandwidths), 2, len(ready), dtype=torch.float64, device=ready.device)
    starts = range(0, len(ready), panel)
    for start, (part, side) in zip(starts, in_order(sums, starts, ready.device), strict=True):
        quadratic += part
        sides[..., start:] += side
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


def _strips(
    ready: Tensor, start: int, panel: int, strip: int, bandwidths: Sequence[float], *, accurate: bool = False
) -> Iterator[tuple[slice, Iterator[Tensor]]]:
    """Blocks of the kernels of a panel of rows: the square on the diagonal, then strips to its right, with their columns.

    Each kernel is valid until the next is asked for.
    """
    rows = ready[start : start + panel]
    # One and squared norm change places on the left side of the product.
    left = torch.cat([rows[:, :-2], rows[:, -1:], rows[:, -2:-1]], dim=1)
    edges = [start, *range(start + len(left), len(ready), strip), len(ready)]
    log, room = ready.new_empty(2, len(left) * max(strip, len(left)))
    for low, high in pairwise(edges):
        shape = (len(left), high - low)
        exponent, kernel = (part[: math.prod(shape)].view(shape) for part in (log, room))
        torch.mm(left, ready[low:high].T, out=exponent)
        if low == start:
            exponent.fill_diagonal_(0)
        yield slice(low, high), _kernels(exponent, kernel, bandwidths, accurate)


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
