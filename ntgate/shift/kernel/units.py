"""What a permutation test shuffles: single rows, or random bins of equally many rows.

Shuffling bins shuffles rows by a subgroup of all permutations, so the level stays exact (Hemerik and Goeman, "Exact testing
with random permutations", TEST 27 (2018), theorem 2), and sums within and between bins are all that a permutation needs
(Domingo-Enrich, Dwivedi and Mackey, "Compress Then Test", AISTATS 2023, section 3, where the bins were first used).

Which rows form a bin must be a uniform random choice. Dealing rows out in turn is not: where the rows are sorted, such bins are
more alike than random ones, and the test rejects almost surely though nothing moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError

BINS = 64
_FEWEST = 8  # units of the smaller sample, for the jackknife interval of the effect size
_MOST = 100  # rows of the larger sample to one of the smaller: more would lower the variance by less than a hundredth
_ALIGNED = 16  # rows of a large bin are a multiple of it, which matrix products like
_COUNTABLE = 10**9  # rows that numpy can deal out


class Units(NamedTuple):
    """``first`` and ``second`` units of ``size`` rows each; rows that fill no unit are left out, at random.

    The units of both samples stand in one random order, ``of_first`` ``(u,)`` says which are the first sample's. So the labels
    as observed look like any permutation of them, and where rounding decides, it decides without favour.
    """

    first: int
    second: int
    size: int
    of_first: npt.NDArray[np.bool_]

    @property
    def rows(self) -> tuple[int, int]:
        """Rows used of each sample."""
        return self.first * self.size, self.second * self.size

    @property
    def total(self) -> int:
        """All units."""
        return self.first + self.second


def grouped(n: int, m: int, rng: np.random.Generator, *, by_row: bool, bins: int | None = None) -> Units:
    """How ``n`` and ``m`` rows are grouped: by row, or in about ``bins`` bins.

    Raises:
        DataError: when more bins are wanted than there are rows.
    """
    if bins is not None and not 2 * _FEWEST <= bins <= n + m:
        raise DataError("bins", expected=f"from {2 * _FEWEST} to {n + m}, the number of rows", got=str(bins), fix="use fewer bins")
    n, m = min(n, _MOST * m, _COUNTABLE - 1), min(m, _MOST * n, _COUNTABLE - 1)
    size = 1 if by_row else max(1, min((n + m) // (bins or BINS), n // _FEWEST, m // _FEWEST))
    if bins is None and size >= 2 * _ALIGNED:
        size -= size % _ALIGNED
    first, second = n // size, m // size
    return Units(first, second, size, rng.permutation(first + second) < first)


def labellings(units: Units, count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Which units form the first sample, ``(count, units)``; each row is a uniform random choice of ``units.first`` units."""
    keys = rng.integers(0, 2**32, size=(count, units.total), dtype=np.uint32)
    # The units with the smallest keys.
    labels = keys <= np.partition(keys, units.first - 1, axis=1)[:, units.first - 1, None]
    for row in np.flatnonzero(labels.sum(axis=1) != units.first):  # two equal keys on the border, about one in a million
        labels[row] = rng.permutation(units.total) < units.first
    return labels


class Dealer:
    """Deals rows that come in blocks out to ``bins`` bins of ``size`` rows, each way as likely as any other.

    The number of a block's rows in each bin is multivariate hypergeometric, so that no permutation of all rows is ever held.

    Args:
        count: rows that will come.
        bins: number of bins.
        size: rows of a bin; rows beyond ``bins * size`` go nowhere.
        rng: source of randomness.

    Raises:
        DataError: when there are more rows than NumPy can deal out.
    """

    def __init__(self, count: int, bins: int, size: int, rng: np.random.Generator) -> None:
        if count >= _COUNTABLE:
            raise DataError("rows", expected=f"fewer than {_COUNTABLE:,} of a sample", got=f"{count:,}", fix="leave some out")
        self._rng = rng
        self._room = np.full(bins + 1, size, dtype=np.int64)
        self._room[bins] = count - bins * size

    def deal(self, rows: int) -> Dealt:
        """The next block's deal, ``rows`` rows.

        >>> dealer = Dealer(5, 2, 2, np.random.default_rng(0))
        >>> [len(dealer.deal(rows).places()[0]) for rows in (3, 2)]
        [2, 2]
        """
        share = self._rng.multivariate_hypergeometric(self._room, rows, method="marginals")
        self._room -= share
        dealt = Dealt(rows, share, self._rng.bit_generator.state)
        self._rng.permutation(rows)  # what places() will draw, so that the next block draws what follows
        return dealt


@dataclass(frozen=True, eq=False)
class Dealt:
    """How one block is dealt out, drawn beforehand: small, so that whoever has the rows can be told.

    Attributes:
        rows: of the block.
        share: ``(bins + 1,)`` how many of them go to each bin, and to none.
        state: of the generator that orders them.
    """

    rows: int
    share: npt.NDArray[np.int64]
    state: Any

    def places(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Positions in the block, those of one bin together, and the bins they go to, ascending."""
        rng = np.random.default_rng()
        rng.bit_generator.state = self.state
        bins = np.repeat(np.arange(len(self.share) - 1), self.share[:-1])
        return rng.permutation(self.rows)[: len(bins)], bins
