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

from ntgate.shift.kernel.threads import in_order
from ntgate.shift.kernel.unit_sums import UnitSums
from ntgate.shift.kernel.units import Units

SMALL = 8192  # rows up to which all threads work on one block; beyond, each on a block of its own, in its own cache
# Rows and columns of a block: smaller, and packing slows the product; larger, and the passes over the kernel wait for memory.
BLOCK, BLOCK_OF_ROWS, BLOCK_OF_SMALL, BLOCK_ON_GPU = (512, 960), (512, 2048), (640, 2048), (4096, 8192)


def between_bins(ready: Tensor, bandwidths: Sequence[float], bins: int) -> Tensor:
    """Kernel sums between ``bins`` bins of consecutive rows, float64 ``(s, bins, bins)``.

    Args:
        ready: from :func:`~ntgate.shift.kernel.pooled.pooled`, ``(bins * size, d + 2)``.
        bandwidths: kernel widths, ascending; the rows are ready for the last.
        bins: how many.
    """
    size = len(ready) // bins
    panels, strip = _blocking(ready, size, BLOCK)
    between = torch.empty(len(bandwidths), bins, bins, dtype=torch.float64, device=ready.device)

    def fill(rows: slice) -> None:
        down = (rows.stop - rows.start) // size
        room = ready.new_empty(len(bandwidths) * down * max(strip, rows.stop - rows.start))
        for columns, kernels in _strips(ready, rows, strip, bandwidths):
            shape = (len(bandwidths), down, columns.stop - columns.start)
            below = room[: math.prod(shape)].view(shape)
            for kernel, sums in zip(kernels, below, strict=True):
                # Down first: adding rows to rows is the quicker way through a block.
                torch.sum(kernel.view(down, size, -1), dim=1, out=sums)
            sums = below.view(*shape[:2], -1, size).sum(dim=3)
            at = rows.start // size, columns.start // size
            between[:, at[0] : at[0] + down, at[1] : at[1] + sums.shape[2]] = sums

    for _ in in_order(fill, panels, ready.device, small=len(ready) <= SMALL):
        pass
    return (between.triu() + between.triu(1).mT).flip(0)


def of_rows(ready: Tensor, bandwidths: Sequence[float], labels: Tensor, units: Units, permutations: int) -> UnitSums:
    """The sums with every row a unit: each block of the kernel is multiplied with the labellings.

    ``N^2 (d + s B)`` operations: symmetry halves the kernel and its products alike.

    Args:
        ready: from :func:`~ntgate.shift.kernel.pooled.pooled`, ``(N, d + 2)``.
        bandwidths: kernel widths, ascending.
        labels: from :func:`~ntgate.shift.kernel.unit_sums.columns`. Overwritten.
        units: the groups, of one row each.
        permutations: ``B``.
    """
    panels, strip = _blocking(ready, 1, BLOCK_OF_ROWS)
    share = units.first / units.total
    # Centred labels add up to nothing: products stay small, and float32 sums of them exact enough.
    labels[:, 1:] -= share
    observed = labels[:, :2].T.contiguous()

    quadratic = torch.zeros(len(bandwidths), labels.shape[1] - 1, dtype=torch.float64, device=ready.device)
    sides = torch.zeros(len(bandwidths), 2, len(ready), dtype=torch.float64, device=ready.device)

    def summed(rows: slice) -> tuple[slice, Tensor, Tensor]:
        own = torch.zeros_like(quadratic)
        side = torch.zeros_like(sides[..., rows.start :])
        for columns, kernels in _strips(ready, rows, strip, bandwidths, accurate=True):
            for s, kernel in enumerate(kernels):
                product = kernel @ labels[columns]
                side[s, :, : rows.stop - rows.start] += product[:, :2].T
                times = 1
                if columns != rows:  # the square on the diagonal counts once, the rest for both triangles
                    side[s, :, columns.start - rows.start : columns.stop - rows.start] += observed[:, rows] @ kernel
                    times = 2
                own[s] += times * product[:, 1:].mul_(labels[rows, 1:]).sum(dim=0, dtype=torch.float64)
        return rows, own, side

    for rows, own, side in in_order(summed, panels, ready.device, small=len(ready) <= SMALL):
        quadratic += own
        sides[..., rows.start :] += side
    quadratic, (of_all, of_centred) = quadratic[:, : permutations + 1].flip(0), sides.flip(0).unbind(1)
    total = of_all.sum(dim=1, keepdim=True)
    sum_first = (
        torch.cat([of_all @ part.double() for part in labels[:, 1 : permutations + 2].split(64, dim=1)], dim=1) + share * total
    )
    return UnitSums(
        of_first=(of_centred + share * of_all).cpu(),
        of_all=of_all.cpu(),
        own=torch.ones_like(of_all).cpu(),
        quadratic=(quadratic + 2 * share * sum_first - share**2 * total).cpu(),
        sum_first=sum_first.cpu(),
    )


def _blocking(ready: Tensor, size: int, block: tuple[int, int]) -> tuple[list[slice], int]:
    """Panels of rows, and columns of a strip, in whole units."""
    panel, strip = BLOCK_OF_SMALL if len(ready) <= SMALL else block
    if ready.device.type != "cpu":
        panel, strip = BLOCK_ON_GPU
    # Panels of about equal height, so that no sliver is left at the end.
    panel = -(-len(ready) // size // max(1, round(len(ready) / panel))) * size
    panels = [slice(start, min(start + panel, len(ready))) for start in range(0, len(ready), panel)]
    return panels, max(1, strip // size) * size


def _strips(
    ready: Tensor, rows: slice, strip: int, bandwidths: Sequence[float], *, accurate: bool = False
) -> Iterator[tuple[slice, Iterator[Tensor]]]:
    """Blocks of the kernels of a panel of rows, with their columns: the square on the diagonal, then strips to the right.

    Each kernel is valid until the next is asked for.
    """
    # One and squared norm change places on the left side of the product.
    left = torch.cat([ready[rows, :-2], ready[rows, -1:], ready[rows, -2:-1]], dim=1)
    log, room = ready.new_empty(2, len(left) * max(len(left), strip))
    for low, high in pairwise([rows.start, *range(rows.stop, len(ready), strip), len(ready)]):
        shape = (len(left), high - low)
        exponent, kernel = (part[: math.prod(shape)].view(shape) for part in (log, room))
        torch.mm(left, ready[low:high].T, out=exponent)
        if low == rows.start:
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
