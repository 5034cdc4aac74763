"""What a permutation test shuffles: single rows, or random bins of equally many rows.

Shuffling bins shuffles rows by a subgroup of all permutations, so the level stays exact (Hemerik and Goeman, "Exact testing
with random permutations", TEST 27 (2018), theorem 2), and sums within and between bins are all that a permutation needs
(Domingo-Enrich, Dwivedi and Mackey, "Compress Then Test", AISTATS 2023, section 3, where the bins were first used).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError

BINS = 128
_FEWEST = 4  # units of the smaller sample, for the jackknife interval of the effect size
_MOST = 500  # rows of the larger sample to one of the smaller: more would not sharpen the test
_AT_ONCE = 2**21  # random numbers drawn together


class Units(NamedTuple):
    """``first`` and ``second`` units of ``size`` rows each; of a much larger sample every ``thin``-th row is used."""

    first: int
    second: int
    size: int
    thin: tuple[int, int] = (1, 1)

    @property
    def rows(self) -> tuple[int, int]:
        """Rows used of each sample."""
        return self.first * self.size, self.second * self.size

    @property
    def total(self) -> int:
        """All units."""
        return self.first + self.second


def grouped(n: int, m: int, *, by_row: bool, bins: int | None = None) -> Units:
    """How ``n`` and ``m`` rows are grouped: by row, or in about ``bins`` bins, at most one row short of a bin left out.

    Raises:
        DataError: when more bins are wanted than there are rows.
    """
    if bins is not None and not 2 * _FEWEST <= bins <= n + m:
        raise DataError(
            "bins", expected=f"from {2 * _FEWEST} to {n + m}, the number of rows", got=str(bins), fix="use fewer bins"
        )
    thin = (max(1, n // (_MOST * m)), max(1, m // (_MOST * n)))
    n, m = -(-n // thin[0]), -(-m // thin[1])
    if by_row:
        return Units(n, m, 1, thin)
    size = max(1, min((n + m) // (bins or BINS), n // _FEWEST, m // _FEWEST))
    return Units(n // size, m // size, size, thin)


def labellings(units: Units, permutations: int, rng: np.random.Generator) -> Iterator[npt.NDArray[np.bool_]]:
    """Which units form the first sample, some permutations ``(k, units)`` at a time; each is a uniform random choice."""
    step = max(1, _AT_ONCE // units.total)
    for start in range(0, permutations, step):
        size = (min(step, permutations - start), units.total)
        keys = rng.integers(0, 2**64, size=size, dtype=np.uint64)
        # The units with the smallest keys; two of 64 random bits are never equal in practice.
        yield keys <= np.partition(keys, units.first - 1, axis=1)[:, units.first - 1, None]


def dealt(bins: int, rounds: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """An order ``(rounds * bins,)`` in which each round of consecutive rows gives every bin one row, at random."""
    order = rng.random((rounds, bins)).argsort(axis=1)
    return (order + np.arange(0, rounds * bins, bins)[:, None]).reshape(-1)
