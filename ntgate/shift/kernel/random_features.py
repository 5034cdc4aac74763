"""Random Fourier features, streamed: the kernel sums of millions of rows in constant memory.

Rahimi and Recht, "Random Features for Large-Scale Kernel Machines", NIPS 2007, algorithm 1: for ``w ~ N(0, I / h^2)`` the
features ``cos(w'z), sin(w'z)``, averaged over draws of ``w``, have the Gaussian kernel of width ``h`` as their inner product. A
bin of rows needs only the sum of its features. So the data are read once, in pieces by as many workers as there are, and a
permutation costs what it costs with an exact kernel in bins. The error of a kernel value is about ``1 / sqrt(2 F)`` with ``F``
frequencies; the test on the approximate kernel keeps its level exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.shift.kernel.numpy_or_torch import Place, is_tensor
from ntgate.shift.kernel.pooled import centred, centred_tensor
from ntgate.shift.kernel.rows import Block, Rows, in_blocks
from ntgate.shift.kernel.threads import in_order
from ntgate.shift.kernel.units import Dealer, Dealt, Units
from ntgate.shift.streamed.engine import Engine
from ntgate.shift.streamed.partitions import Partitions, Stretch

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

_TASK = 8192  # rows of a block that one thread works on
_STRETCH = 32  # blocks whose sums leave a worker as one
_SLICE = 512  # rows whose features fit in a core's cache


@dataclass(frozen=True, eq=False)
class Features:
    """What the features of a row are.

    Attributes:
        bandwidths: kernel widths, ascending; the same random directions serve all of them.
        origin: a point ``(d,)`` amid the rows, taken away first for the sake of float32.
        frequencies: ``F``, draws of ``w``.
        seed: of the directions.
        place: the name of the :class:`Place` where they are computed, so that it can be sent.
    """

    bandwidths: tuple[float, ...]
    origin: npt.NDArray[np.float64]
    frequencies: int
    seed: tuple[int, ...]
    place: str

    def weights(self) -> Floats32:
        """The directions, ``(d, F)``, for the widest kernel."""
        shape = len(self.origin), self.frequencies
        directions = np.random.default_rng(self.seed).standard_normal(shape, dtype=np.float32)
        return directions / np.float32(self.bandwidths[-1])

    def ratios(self) -> list[tuple[float, float]]:
        """From each bandwidth to the next narrower one: how often the widest is its width, and the ratio of the two."""
        steps = zip(self.bandwidths[:0:-1], self.bandwidths[-2::-1], strict=True)
        return [(self.bandwidths[-1] / wide, wide / narrow) for wide, narrow in steps]


@dataclass(frozen=True, eq=False)
class Task:
    """Consecutive rows whose features are to be summed by bin, and how each block of them is dealt out."""

    features: Features
    stretch: Stretch
    dealt: tuple[Dealt, ...]


def between_bins(
    samples: tuple[Rows, Rows], units: Units, features: Features, seed: Sequence[int], engine: Engine | None = None
) -> Floats:
    """Kernel sums between random bins of rows, float64 ``(s, u, u)``.

    Args:
        samples: both samples, in as many blocks as they need.
        units: the bins.
        features: of a row.
        seed: of the bins.
        engine: who sums the features of samples that lie in parquet; None: this process, in a single pass.
    """
    found = []
    for sample, (rows, bins) in enumerate(zip(samples, (units.first, units.second), strict=True)):
        dealer = Dealer(len(rows), bins, units.size, np.random.default_rng([*seed, 1 + sample]))
        if engine is None or rows.table is None:
            parts = _here(rows, dealer, features)
        else:
            parts = engine.map(stretch_sums, _tasks(rows.table, dealer, features))
        total = np.zeros((len(features.bandwidths), bins, 2 * features.frequencies))
        for part in parts:
            total += part
        found.append(total)
    sums = np.concatenate(found, axis=1)
    ordered = np.empty_like(sums)  # (s, u, 2F)
    ordered[:, np.concatenate([np.flatnonzero(units.of_first), np.flatnonzero(~units.of_first)])] = sums
    return ordered @ ordered.swapaxes(1, 2) / features.frequencies


def stretch_sums(task: Task) -> Floats:
    """Sums of features by bin over one stretch of rows, ``(s, bins, 2F)``: the map, for whoever has the rows.

    Raises:
        DataError: when they cannot be read, or hold NaN or infinity.
    """
    stretch, width = task.stretch, len(task.features.origin)
    blocks = in_blocks(stretch.chunks(_TASK), (len(stretch), width), _TASK, stretch.name)
    return next(_stretches(zip(blocks, task.dealt, strict=True), task.features))


def _here(rows: Rows, dealer: Dealer, features: Features) -> Iterator[Floats]:
    return _stretches(((block, dealer.deal(len(block))) for block in rows.blocks(_TASK)), features)


def _tasks(table: Partitions, dealer: Dealer, features: Features) -> Iterator[Task]:
    for stretch in table.stretches(_TASK * _STRETCH):
        sizes = [min(_TASK, len(stretch) - start) for start in range(0, len(stretch), _TASK)]
        yield Task(features, stretch, tuple(dealer.deal(size) for size in sizes))


def _stretches(blocks: Iterable[tuple[Block, Dealt]], features: Features) -> Iterator[Floats]:
    """Sums over each ``_STRETCH`` blocks.

    Rounding depends on what is added first. So the sums of a stretch are always made by themselves and then added in the order
    of the stretches, one after the other here as well as by many workers: the result is the same to the last bit.
    """
    place, ratios = Place.named(features.place), features.ratios()
    weights = place.of(features.weights())

    def summed(block: tuple[Block, Dealt]) -> Any:
        rows, dealt = block
        positions, dealt_to = dealt.places()
        if is_tensor(rows):
            part = centred_tensor(rows[place.of(positions)], features.origin)
        else:
            part = place.of(centred(np.take(rows, positions, axis=0), features.origin))
        found = place.zeros(1 + len(ratios), 2, len(dealt.share) - 1, features.frequencies)
        if place.on_cpu:  # NumPy's sine and cosine are twice as quick as torch's
            found = place.back(found)
        for start in range(0, len(part), _SLICE):
            angle = part[start : start + _SLICE] @ weights
            own = dealt_to[start : start + _SLICE]
            for sums, waves in zip(found, _waves(place.back(angle) if place.on_cpu else angle, ratios), strict=True):
                for by_bin, wave in zip(sums, waves, strict=True):
                    _add(by_bin, wave, own)
        return found.swapaxes(1, 2).reshape(len(found), found.shape[2], -1)

    parts = in_order(summed, blocks, place)
    for first in parts:
        total = _exact(first)
        for part in islice(parts, _STRETCH - 1):
            total += part
        yield np.flip(place.back(total) if is_tensor(total) else total, 0)


def _exact(sums: Any) -> Any:
    return sums.double() if is_tensor(sums) else sums.astype(np.float64)


def _add(by_bin: Any, wave: Any, own: npt.NDArray[np.int64]) -> None:
    """Add the rows of ``wave`` to those of their bins; the rows of one bin lie together."""
    if is_tensor(wave):
        by_bin.index_add_(0, wave.new_tensor(own, dtype=int), wave)
        return
    edges = [0, *(np.flatnonzero(np.diff(own)) + 1).tolist(), len(own)]
    for low, high in pairwise(edges):
        by_bin[own[low]] += wave[low:high].sum(axis=0)


def _waves(angle: Any, ratios: list[tuple[float, float]]) -> Iterator[tuple[Any, Any]]:
    """Cosine and sine of the angles at every bandwidth, the widest first; valid until the next is asked for."""
    cos, sin = _cos_sin(angle)
    yield cos, sin
    for times, ratio in ratios:
        if ratio == 2:  # double the angle: sin 2a = 2 sin a cos a, cos 2a = 1 - 2 sin^2 a
            cos *= sin
            sin *= sin
            sin *= -2
            sin += 1
            cos *= 2
            cos, sin = sin, cos
        else:
            cos, sin = _cos_sin(angle * (times * ratio))
        yield cos, sin


def _cos_sin(angle: Any) -> tuple[Any, Any]:
    return (angle.cos(), angle.sin()) if is_tensor(angle) else (np.cos(angle), np.sin(angle))
