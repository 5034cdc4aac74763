"""Sums of a Gaussian kernel over blocks of rows: everything the MMD needs, without the kernel matrix.

Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012), needs sums of ``k(z_i, z_j)`` over pairs within and across two
samples. They are taken panel by panel over the upper triangle of the pooled rows, so memory does not grow with ``N^2``. The
floor is the product of the rows with each other, ``N^2 d`` operations; the passes over a block of the kernel that come on top
work in a core's own cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ntgate.shift.threads import in_order
from ntgate.shift.unit_sums import UnitSums
from ntgate.shift.units import Units

PANEL, STRIP = 256, 1024  # rows and columns of a block on a CPU: 1 MiB, a core's cache
GPU_PANEL, GPU_STRIP = 4096, 8192


def exponents(rows: Tensor, widest: float) -> Tensor:
    """Make rows ready, in place, so that ``left(part) @ rows.T`` is ``log2`` of the kernel of width ``widest``.

    The last two of the ``d + 2`` columns of ``rows`` are free, and take the squared norms: the matrix product adds them up, and
    no pass over the distances is left but ``exp2``.
    """
    for part in rows.split(4096):
        scaled = part[:, :-2].mul_(math.log2(math.e) ** 0.5 / widest)
        part[:, -2] = 1
        part[:, -1] = scaled.square().sum(dim=1, dtype=torch.float64) / -2
    return rows


def between_bins(ready: Tensor, bandwidths: Sequence[float], bins: int) -> Tensor:
    """Kernel sums between ``bins`` bins of consecutive rows, float64 ``(s, bins, bins)``.

    Args:
        ready: from :func:`exponents`, ``(bins * size, d + 2)``.
        bandwidths: kernel widths, ascending; the rows are ready for the last.
        bins: how many.
    """
    size = len(ready) // bins
    panel, strip = _blocking(ready.device, size)

    def sums(start: int) -> Tensor:
        left = _left(ready[start : start + panel])
        found = []
        for _, kernels in _strips(ready, left, start, strip, bandwidths):
            found.append(
                torch.stack(
                    [
                        # Down first: adding rows to rows is the quicker way through a block.
                        kernel.view(-1, size, kernel.shape[1]).sum(dim=1).view(len(left) // size, -1, size).sum(dim=2)
                        for kernel in kernels
                    ]
                )
            )
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
        ready: from :func:`exponents`, ``(N, d + 2)``.
        bandwidths: kernel widths, ascending.
        labels: float32 ``(N, B + 1)``, 1 for the first sample and 0 else; column 0 as observed. Overwritten.
        units: the groups, of one row each.
    """
    panel, strip = _blocking(ready.device, 1)
    share = units.first / units.total
    observed = torch.stack([labels[:, 0], torch.ones_like(labels[:, 0])], dim=1)
    # Centred labels add up to nothing: products stay small, and float32 sums of them exact enough.
    labels -= share

    def sums(start: int) -> tuple[Tensor, Tensor]:
        rows = slice(start, min(start + panel, len(ready)))
        left = _left(ready[rows])
        count = len(left)
        product = torch.zeros(len(bandwidths), count, labels.shape[1], device=ready.device)
        square = torch.empty_like(product)
        sides = torch.zeros(len(bandwidths), len(ready) - start, 2, dtype=torch.float64, device=ready.device)
        for columns, kernels in _strips(ready, left, start, strip, bandwidths, accurate=True):
            for s, kernel in enumerate(kernels):
                right, along = kernel, columns
                sides[s, :count] += kernel @ observed[columns]
                if columns.start == start:  # the square on the diagonal counts once, the rest for both triangles
                    torch.mm(kernel[:, :count], labels[rows], out=square[s])
                    right, along = kernel[:, count:], slice(start + count, columns.stop)
                if right.shape[1]:
                    product[s].addmm_(right, labels[along])
                    sides[s, along.start - start : along.stop - start] += right.T @ observed[rows]
        quadratic = ((2 * product + square) * labels[rows]).sum(dim=1, dtype=torch.float64)
        return quadratic, sides

    quadratic = torch.zeros(len(bandwidths), labels.shape[1], dtype=torch.float64, device=ready.device)
    of_both = torch.zeros(len(bandwidths), len(ready), 2, dtype=torch.float64, device=ready.device)
    starts = range(0, len(ready), panel)
    for start, (part, sides) in zip(starts, in_order(sums, starts, ready.device), strict=True):
        quadratic += part
        of_both[:, start:] += sides
    quadratic, of_both = quadratic.flip(0), of_both.flip(0)
    of_first, of_all = of_both[..., 0], of_both[..., 1]
    total = of_all.sum(dim=1, keepdim=True)
    sum_first = (of_all.float() - of_all.mean(dim=1, keepdim=True).float()) @ labels + share * total
    return UnitSums(
        of_first=of_first.cpu(),
        of_all=of_all.cpu(),
        own=torch.ones_like(of_all).cpu(),
        quadratic=(quadratic + 2 * share * sum_first - share**2 * total).cpu(),
        sum_first=sum_first.cpu(),
    )


def _blocking(device: torch.device, size: int) -> tuple[int, int]:
    """Rows of a panel and columns of a strip, in whole units."""
    panel, strip = (PANEL, STRIP) if device.type == "cpu" else (GPU_PANEL, GPU_STRIP)
    return max(1, panel // size) * size, max(1, strip // size) * size


def _left(rows: Tensor) -> Tensor:
    """Rows for the left side of the product: one and squared norm change places."""
    return torch.cat([rows[:, :-2], rows[:, -1:], rows[:, -2:-1]], dim=1)


def _strips(
    ready: Tensor, left: Tensor, start: int, strip: int, bandwidths: Sequence[float], *, accurate: bool = False
) -> Iterator[tuple[slice, Iterator[Tensor]]]:
    """Blocks of the kernels from the diagonal at ``start`` to the right, with their columns.

    A strip starts with its panel's square on the diagonal. Each kernel is valid until the next is asked for.
    """
    log = torch.empty(len(left), max(strip, len(left)), device=ready.device)
    room = torch.empty_like(log)
    ends = [min(start + log.shape[1], len(ready))]
    while ends[-1] < len(ready):
        ends.append(min(ends[-1] + strip, len(ready)))
    for low, high in zip([start, *ends], ends, strict=False):
        columns = slice(low, high)
        exponent, kernel = (part.view(-1)[: len(left) * (high - low)].view(len(left), -1) for part in (log, room))
        torch.mm(left, ready[columns].T, out=exponent)
        if low == start:
            exponent.fill_diagonal_(0)
        yield columns, _kernels(exponent, kernel, bandwidths, accurate)


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
