"""Array types that the tests share, and what they ask of a metric."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


class Weighted(Protocol):
    """A score that can be computed under weights of the rows, such as how often a resample has each."""

    def weighted(self, y: Ints, scores: Floats, weights: Floats) -> Floats:
        """The score of ``scores`` ``(n, c)`` under each of ``B`` weightings ``(B, n)``, as ``(B,)``; NaN where there is none."""
