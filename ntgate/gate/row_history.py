"""The history of test rows: what earlier decisions did to each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class History:
    """What earlier decisions did to each of ``n`` test rows; every array is ``(n,)``.

    Attributes:
        spent: the levels of the decisions that contained the row, added up.
        uses: how many these were.
        shown: how many of them had their result shown.
        retired: whether one of them was withheld and passed.
        elsewhere: whether one of them was about another comparison than the present.
        settled: whether the present comparison has already bet on the row.
        repeated: whether the row stands, feature for feature, further up in the same test set.
    """

    spent: npt.NDArray[np.float64]
    uses: npt.NDArray[np.int64]
    shown: npt.NDArray[np.int64]
    retired: npt.NDArray[np.bool_]
    elsewhere: npt.NDArray[np.bool_]
    settled: npt.NDArray[np.bool_]
    repeated: npt.NDArray[np.bool_]

    @classmethod
    def fresh(cls, n: int) -> History:
        """Rows that no decision has used."""
        no = np.zeros(n, bool)
        return cls(np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64), no, no, no, no)

    def __len__(self) -> int:
        return len(self.spent)
