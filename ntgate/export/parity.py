"""Parity: an exported model has to reproduce its network, whatever the batch size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.errors import ModelError
from ntgate.export.runtime import scores_onnx

if TYPE_CHECKING:
    import pandas as pd


def check_parity(
    path: Path,
    rows: npt.NDArray[Any] | pd.DataFrame,
    reference: npt.NDArray[np.float32],
    *,
    tolerance: float = 1e-4,
    batch_sizes: Sequence[int] = (1, 7, 64),
) -> float:
    """The largest difference between the exported model's scores and ``reference`` ``(n, c)`` on raw ``rows``.

    All rows are scored in one batch; the first 128 also in batches of the other sizes.

    Raises:
        ModelError: when it exceeds ``tolerance``, or a score is not finite.
    """
    largest = _difference(scores_onnx(path, rows, batch_size=len(rows)), reference)
    head = min(len(rows), 128)
    for size in batch_sizes:
        part = rows[:head] if isinstance(rows, np.ndarray) else rows.iloc[:head]
        largest = max(largest, _difference(scores_onnx(path, part, batch_size=size), reference[:head]))
    if not largest <= tolerance:  # NaN is not within any tolerance
        raise ModelError(
            str(path),
            expected=f"the network's scores to within {tolerance}",
            got=f"a difference of {largest}",
            fix="check the backbone for operations that depend on the batch or on chance",
        )
    return largest


def _difference(scores: npt.NDArray[np.float32], reference: npt.NDArray[np.float32]) -> float:
    if scores.shape != reference.shape:
        return float("inf")
    return float(np.abs(scores - reference).max(initial=0.0))
