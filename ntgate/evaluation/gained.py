"""Rows that one of two models alone gets right."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.types import Floats, Ints


def correct(y: Ints, scores: npt.NDArray[Any]) -> Floats:
    """1 for each row that the scores ``(n, c)`` get right, else 0, as ``(n,)``."""
    return np.asarray(scores.argmax(axis=1) == y, dtype=np.float64)


def counts(y: Ints, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[int, int, int]:
    """Rows that only the first model gets right, that both or neither do, and that only the second does."""
    difference = correct(y, first) - correct(y, second)
    return int((difference > 0).sum()), int((difference == 0).sum()), int((difference < 0).sum())


def counts_by_class(y: Ints, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> tuple[Ints, Ints, Ints]:
    """Of each class that occurs: rows that only the first model gets right, that only the second does, and all, each ``(k,)``."""
    difference, classes = correct(y, first) - correct(y, second), int(y.max()) + 1
    all_rows = np.bincount(y, minlength=classes)
    present = all_rows > 0
    gained, lost = (np.bincount(y[difference == sign], minlength=classes) for sign in (1, -1))
    return gained[present], lost[present], all_rows[present]
