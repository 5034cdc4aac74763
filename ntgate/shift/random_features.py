"""Random Fourier features, streamed: the kernel sums of millions of rows in constant memory.

Rahimi and Recht, "Random Features for Large-Scale Kernel Machines", NIPS 2007, algorithm 1: for ``w ~ N(0, I / h^2)`` the
features ``cos(w'z), sin(w'z)``, averaged over draws of ``w``, have the Gaussian kernel of width ``h`` as their inner product. A
bin of rows needs only the sum of its features, so the data are read once and a permutation costs what it costs with an exact
kernel in bins. The error of a kernel value is about ``1 / sqrt(2 F)`` with ``F`` frequencies; the test on the approximate
kernel keeps its level exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ntgate.shift.pooled import centred
from ntgate.shift.rows import Array, Rows
from ntgate.shift.threads import in_order
from ntgate.shift.units import Dealer, Units

_TASK = 8192  # rows of a block that one thread works on
_SLICE = 512  # rows whose features fit in a core's cache


def between_bins(
    samples: tuple[Rows, Rows],
    units: Units,
    bandwidths: Sequence[float],
    origin: npt.NDArray[np.float64],
    frequencies: int,
    seed: Sequence[int],
    device: torch.device,
) -> Tensor:
    """Kernel sums between random bins of rows, float64 ``(s, u, u)``.

    Args:
        samples: both samples, in as many blocks as they need.
        units: the bins.
        bandwidths: kernel widths, ascending; the same random directions serve all of them.
        origin: a point ``(d,)`` amid the rows, taken away first for the sake of float32.
        frequencies: ``F``, draws of ``w``.
        seed: of directions and bins.
        device: torch device.
    """
    width = samples[0].shape[1]
    directions = np.random.default_rng([*seed, 0]).standard_normal((width, frequencies), dtype=np.float32)
    weights = torch.from_numpy(directions / np.float32(bandwidths[-1])).to(device)
    ratios = [(bandwidths[-1] / wide, wide / narrow) for wide, narrow in _steps(bandwidths)]
    sums = torch.cat(
        [
            _sample_sums(rows, bins, units.size, weights, ratios, origin, [*seed, 1 + sample])
            for sample, (rows, bins) in enumerate(zip(samples, (units.first, units.second), strict=True))
        ],
        dim=1,
    )
    ordered = torch.empty_like(sums)  # (s, u, 2F)
    ordered[:, np.concatenate([np.flatnonzero(units.of_first), np.flatnonzero(~units.of_first)])] = sums
    return ordered @ ordered.mT / frequencies


def _steps(bandwidths: Sequence[float]) -> Iterator[tuple[float, float]]:
    return zip(bandwidths[:0:-1], bandwidths[-2::-1], strict=True)


def _sample_sums(
    rows: Rows,
    bins: int,
    size: int,
    weights: Tensor,
    ratios: list[tuple[float, float]],
    origin: npt.NDArray[np.float64],
    seed: list[int],
) -> Tensor:
    """Sums of features by bin, float64 ``(s, bins, 2F)``."""
    frequencies = weights.shape[1]
    dealer = Dealer(len(rows), bins, size, np.random.default_rng(seed))

    def tasks() -> Iterator[tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        for block in rows.blocks(_TASK):
            yield block, *dealer.deal(len(block))

    def summed(task: tuple[Array, npt.NDArray[np.int64], npt.NDArray[np.int64]]) -> Tensor:
        block, positions, dealt_to = task
        part = torch.from_numpy(centred(np.take(block, positions, axis=0), origin)).to(weights.device)
        found = torch.zeros(1 + len(ratios), 2, bins, frequencies, device=weights.device)
        for start in range(0, len(part), _SLICE):
            angle = part[start : start + _SLICE] @ weights
            own = dealt_to[start : start + _SLICE]
            for sums, waves in zip(found, _waves(angle, ratios), strict=True):
                for by_bin, wave in zip(sums, waves, strict=True):
                    _add(by_bin, wave, own)
        return found.transpose(1, 2).reshape(len(found), bins, -1)

    total = torch.zeros(1 + len(ratios), bins, 2 * frequencies, dtype=torch.float64, device=weights.device)
    for part in in_order(summed, tasks(), weights.device):
        total += part
    return total.flip(0)


def _add(by_bin: Tensor, wave: Tensor, own: npt.NDArray[np.int64]) -> None:
    """Add the rows of ``wave`` to those of their bins; the rows of one bin lie together."""
    if wave.device.type != "cpu":
        by_bin.index_add_(0, torch.from_numpy(own).to(wave.device), wave)
        return
    sums, rows = by_bin.numpy(), wave.numpy()
    edges = [0, *(np.flatnonzero(np.diff(own)) + 1).tolist(), len(own)]
    for low, high in pairwise(edges):
        sums[own[low]] += rows[low:high].sum(axis=0)


def _waves(angle: Tensor, ratios: list[tuple[float, float]]) -> Iterator[tuple[Tensor, Tensor]]:
    """Cosine and sine of the angles at every bandwidth, the widest first; valid until the next is asked for."""
    cos, sin = _cos_sin(angle)
    one = cos.new_ones(1)
    yield cos, sin
    for times, ratio in ratios:
        if ratio == 2:  # double the angle: sin 2a = 2 sin a cos a, cos 2a = 1 - 2 sin^2 a
            cos.mul_(sin)
            torch.addcmul(one, sin, sin, value=-2, out=sin)
            cos, sin = sin, cos.mul_(2)
        else:
            cos, sin = _cos_sin(angle * (times * ratio))
        yield cos, sin


def _cos_sin(angle: Tensor) -> tuple[Tensor, Tensor]:
    if angle.device.type != "cpu":
        return angle.cos(), angle.sin()
    values = angle.numpy()  # NumPy's vector code is twice as quick as torch's
    return torch.from_numpy(np.cos(values)), torch.from_numpy(np.sin(values))
