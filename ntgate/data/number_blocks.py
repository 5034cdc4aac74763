"""A column of numbers that comes in blocks, each put at once where it belongs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class NumberBlocks:
    """The numbers of a column in one piece of memory; kept block by block and joined later, they would take twice as much.

    Args:
        rows: how many there will be, or somewhat more; memory is taken as it is written to.

    >>> column = NumberBlocks(4)
    >>> column.add(np.array([1, 2]))
    >>> column.add(np.array([0.5]))
    >>> column.values.tolist(), len(column)
    ([1.0, 2.0, 0.5], 3)
    """

    def __init__(self, rows: int) -> None:
        self._rows, self._filled = rows, 0
        self._held: npt.NDArray[Any] | None = None

    def __len__(self) -> int:
        return self._filled

    def add(self, block: npt.NDArray[Any]) -> None:
        """Put the next numbers behind those that are there; whole numbers become numbers beside such."""
        end = self._filled + len(block)
        if self._held is None:
            self._held = np.empty(max(self._rows, end), block.dtype)
        kind = np.result_type(self._held, block)
        if kind != self._held.dtype or end > len(self._held):
            grown = np.empty(max(len(self._held), end), kind)
            grown[: self._filled] = self._held[: self._filled]
            self._held = grown
        self._held[self._filled : end] = block
        self._filled = end

    @property
    def values(self) -> npt.NDArray[Any]:
        """All of them ``(n,)``; without any block it is empty text."""
        return np.zeros(0, dtype=object) if self._held is None else self._held[: self._filled]
