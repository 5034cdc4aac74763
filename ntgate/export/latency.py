"""How long an exported model takes for its scores."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.export.runtime import feed, session

if TYPE_CHECKING:
    import pandas as pd


def latency(path: Path, rows: npt.NDArray[Any] | pd.DataFrame, batch_size: int, *, repeats: int = 100, warm_up: int = 20) -> float:
    """Median microseconds of one call with ``batch_size`` raw rows, onnxruntime on one thread of the CPU.

    The first rows are taken, again from the start where there are fewer. ``warm_up`` calls go before the ``repeats`` measured ones.
    """
    index = np.arange(batch_size) % len(rows)
    batch = rows[index] if isinstance(rows, np.ndarray) else rows.iloc[index]
    running = session(path, threads=1)
    inputs = feed(running, batch, path)
    for _ in range(warm_up):
        running.run(None, inputs)
    times = np.empty(repeats)
    for i in range(repeats):
        began = time.perf_counter_ns()
        running.run(None, inputs)
        times[i] = time.perf_counter_ns() - began
    return float(np.median(times)) / 1000
