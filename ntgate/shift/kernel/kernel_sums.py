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
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.shift.kernel.numpy_or_torch import Place
from ntgate.shift.kernel.threads import in_order
from ntgate.shift.kernel.unit_sums import UnitSums
from ntgate.shift.kernel.units import Units

SMALL = 8192  # rows up to which all threads work on one block; beyond, each on a block of its own, in its own cache
# Rows and columns of a block: smaller, and packing slows the product; larger, and the passes over the kernel wait for memory.
BLOCK, BLOCK_OF_ROWS, BLOCK_OF_SMALL, BLOCK_ON_GPU = (512, 960), (512, 2048), (640, 2048), (4096, 8192)


def between_bins(ready: Any, bandwidths: Sequence[float], bins: int, place: Place) -> npt.NDArray[np.float64]:
    """Kernel sums between ``bins`` bins of consecutive rows, float64 ``(s, bins, bins)``.

    Args:
        ready: from :func:`~ntgate.shift.kernel.pooled.pooled`, ``(bins * size, d + 2)``.
        bandwidths: kernel widths, ascending; the rows are ready for the last.
        bins: how many.
        place: where the rows are.
    """
    size = len(ready) // bins
    panels, strip = _blocking(len(ready), size, BLOCK, place)
    xp, between = place.library, place.empty(len(bandwidths), bins, bins, exact=True)

    def fill(rows: slice) -> None:
        down = (rows.stop - rows.start) // size
        room = place.empty(len(bandwidths) * down * max(strip, rows.stop - rows.start))
        for columns, kernels in _strips(ready, rows, strip, bandwidths, place):
            shape = (len(bandwidths), down, columns.stop - columns.start)
            below = room[: math.prod(shape)].reshape(shape)
            for kernel, sums in zip(kernels, below, strict=True):
                # Down first: adding rows to rows is the quicker way through a block.
                xp.sum(kernel.reshape(down, size, -1), axis=1, out=sums)
            sums = below.reshape(*shape[:2], -1, size).sum(axis=3)
            at = rows.start // size, columns.start // size
            between[:, at[0] : at[0] + down, at[1] : at[1] + sums.shape[2]] = sums

    for _ in in_order(fill, panels, place, small=len(ready) <= SMALL):
        pass
    return np.flip(place.back(xp.triu(between) + xp.triu(between, 1).swapaxes(1, 2)), 0)


def of_rows(
    ready: Any, bandwidths: Sequence[float], labels: npt.NDArray[np.float32], units: Units, permutations: int, place: Place
) -> UnitSums:
    """The sums with every row a unit: each block of the kernel is multiplied with the labellings.

    ``N^2 (d + s B)`` operations: symmetry halves the kernel and its products alike.

    Args:
        ready: from :func:`~ntgate.shift.kernel.pooled.pooled`, ``(N, d + 2)``.
        bandwidths: kernel widths, ascending.
        labels: from :func:`~ntgate.shift.kernel.unit_sums.columns`. Overwritten.
        units: the groups, of one row each.
        permutations: ``B``.
        place: where the rows are.
    """
    panels, strip = _blocking(len(ready), 1, BLOCK_OF_ROWS, place)
    share = units.first / units.total
    # Centred labels add up to nothing: products stay small, and float32 sums of them exact enough.
    labels[:, 1:] -= share
    centred, xp = place.of(labels), place.library
    observed = place.packed(centred[:, :2].T)

    quadratic = place.zeros(len(bandwidths), labels.shape[1] - 1, exact=True)
    sides = place.zeros(len(bandwidths), 2, len(ready), exact=True)

    def summed(rows: slice) -> tuple[slice, Any, Any]:
        own, side = xp.zeros_like(quadratic), xp.zeros_like(sides[..., rows.start :])
        for columns, kernels in _strips(ready, rows, strip, bandwidths, place, accurate=True):
            for s, kernel in enumerate(kernels):
                product = kernel @ centred[columns]
                side[s, :, : rows.stop - rows.start] += product[:, :2].T
                times = 1
                if columns != rows:  # the square on the diagonal counts once, the rest for both triangles
                    side[s, :, columns.start - rows.start : columns.stop - rows.start] += observed[:, rows] @ kernel
                    times = 2
                product[:, 1:] *= centred[rows, 1:]
                own[s] += times * xp.sum(product[:, 1:], axis=0, dtype=xp.float64)
        return rows, own, side

    for rows, own, side in in_order(summed, panels, place, small=len(ready) <= SMALL):
        quadratic += own
        sides[..., rows.start :] += side
    quadratic, sides = np.flip(place.back(quadratic)[:, : permutations + 1], 0), np.flip(place.back(sides), 0)
    of_all, of_centred = sides[:, 0], sides[:, 1]
    total = of_all.sum(axis=1, keepdims=True)
    parts = np.array_split(labels[:, 1 : permutations + 2], 1 + permutations // 64, axis=1)
    sum_first = np.concatenate([of_all @ part.astype(np.float64) for part in parts], axis=1) + share * total
    return UnitSums(
        of_first=of_centred + share * of_all,
        of_all=of_all,
        own=np.ones_like(of_all),
        quadratic=quadratic + 2 * share * sum_first - share**2 * total,
        sum_first=sum_first,
    )


def _blocking(count: int, size: int, block: tuple[int, int], place: Place) -> tuple[list[slice], int]:
    """Panels of rows, and columns of a strip, in whole units."""
    panel, strip = BLOCK_OF_SMALL if count <= SMALL else block
    if not place.on_cpu:
        panel, strip = BLOCK_ON_GPU
    # Panels of about equal height, so that no sliver is left at the end.
    panel = -(-count // size // max(1, round(count / panel))) * size
    panels = [slice(start, min(start + panel, count)) for start in range(0, count, panel)]
    return panels, max(1, strip // size) * size


def _strips(
    ready: Any, rows: slice, strip: int, bandwidths: Sequence[float], place: Place, *, accurate: bool = False
) -> Iterator[tuple[slice, Iterator[Any]]]:
    """Blocks of the kernels of a panel of rows, with their columns: the square on the diagonal, then strips to the right.

    Each kernel is valid until the next is asked for.
    """
    # One and squared norm change places on the left side of the product.
    xp = place.library
    left = xp.concatenate([ready[rows, :-2], ready[rows, -1:], ready[rows, -2:-1]], axis=1)
    log, room = place.empty(2, len(left) * max(len(left), strip))
    for low, high in pairwise([rows.start, *range(rows.stop, len(ready), strip), len(ready)]):
        shape = (len(left), high - low)
        exponent, kernel = (part[: math.prod(shape)].reshape(shape) for part in (log, room))
        xp.matmul(left, ready[low:high].T, out=exponent)
        if low == rows.start:
            exponent.reshape(-1)[:: len(left) + 1] = 0  # its diagonal
        yield slice(low, high), _kernels(exponent, kernel, bandwidths, xp, accurate)


def _kernels(exponent: Any, kernel: Any, bandwidths: Sequence[float], xp: Any, accurate: bool) -> Iterator[Any]:
    """The kernels of one block, the widest first."""
    widest = bandwidths[-1]
    xp.exp2(exponent, out=kernel)
    yield kernel
    for wide, narrow in zip(bandwidths[:0:-1], bandwidths[-2::-1], strict=True):
        if not accurate and wide == 2 * narrow:
            # A third of the time of another exp2; the error, a few units in the last place, grows fourfold each time.
            xp.square(xp.square(kernel, out=kernel), out=kernel)
        else:
            xp.exp2(xp.multiply(exponent, (widest / narrow) ** 2, out=kernel), out=kernel)
        yield kernel
