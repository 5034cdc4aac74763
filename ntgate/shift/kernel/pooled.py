"""The rows of both samples behind each other, centred, scaled, and ready for the matrix product."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.shift.kernel.numpy_or_torch import Place, is_tensor
from ntgate.shift.kernel.rows import Array, Block, Rows
from ntgate.shift.kernel.threads import in_order
from ntgate.shift.kernel.units import Units

_BLOCK = 2048


def pooled(
    samples: tuple[Rows, Rows], units: Units, origin: npt.NDArray[np.float64], widest: float, rng: np.random.Generator, place: Place
) -> Any:
    """Rows ``(N, d + 2)`` in float32 such that ``left(part) @ rows.T`` is ``log2`` of the kernel of width ``widest``.

    The last two columns take a one and half the squared norm: the matrix product adds them up, and no pass over the distances
    is left but ``exp2``.

    The rows of a unit lie behind each other, the units in their order, and which rows form a unit is a uniform random choice.

    Args:
        samples: both samples.
        units: how their rows are grouped.
        origin: a point ``(d,)`` amid the rows, taken away first for the sake of float32.
        widest: the largest bandwidth.
        rng: for the choice.
        place: where the result is, and where the samples are, if they are tensors.
    """
    width = len(origin)
    shape = sum(units.rows), width + 2
    rows: Any = np.empty(shape, dtype=np.float32) if samples[0].device is None else place.empty(*shape)
    scale = math.log2(math.e) ** 0.5 / widest

    def put(task: tuple[Block, npt.NDArray[np.int64]]) -> None:
        block, to = task
        if is_tensor(block):
            part, torch = centred_tensor(block, origin).mul_(scale), place.library
            ones, norms = torch.ones_like(part[:, :1]), part.square().sum(dim=1, keepdim=True).div_(-2)
            rows[place.of(to)] = torch.cat([part, ones, norms], dim=1)
            return
        ready = np.empty((len(block), width + 2), dtype=np.float32)
        own = ready[:, :-2]
        np.multiply(centred(block, origin), np.float32(scale), out=own)
        ready[:, -2] = 1
        ready[:, -1] = np.einsum("ij,ij->i", own, own) / -2
        rows[to] = ready

    for _ in in_order(put, _placed(samples, units, rng, place), place, small=shape[0] * shape[1] < 2**20):
        pass
    return place.of(rows) if isinstance(rows, np.ndarray) else rows


def centred(block: Array, origin: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """``block - origin`` in float32: the difference of float32 numbers is taken as such, of all others in float64."""
    if block.dtype == np.float32:
        return np.asarray(block - origin.astype(np.float32))
    return np.subtract(block, origin).astype(np.float32)


def centred_tensor(block: Any, origin: npt.NDArray[np.float64]) -> Any:
    """The same for a tensor, on its device."""
    return (block - block.new_tensor(origin)).float()


def _placed(
    samples: tuple[Rows, Rows], units: Units, rng: np.random.Generator, place: Place
) -> Iterator[tuple[Block, npt.NDArray[np.int64]]]:
    """Blocks of rows with the places of their rows, less those rows that no unit has room for."""
    for rows, own in zip(samples, (units.of_first, ~units.of_first), strict=True):
        places = (np.flatnonzero(own)[:, None] * units.size + np.arange(units.size)).reshape(-1)
        order = rng.permutation(len(rows))
        start = 0
        for block in rows.blocks(_BLOCK):
            at = order[start : start + len(block)]
            start += len(block)
            kept = at < len(places)
            if not kept.all():
                block, at = block[place.library.from_numpy(kept) if is_tensor(block) else kept], at[kept]  # noqa: PLW2901
            yield block, places[at]
