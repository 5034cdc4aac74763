"""What an exported model costs: bytes, parameters, time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen

if TYPE_CHECKING:
    import pandas as pd


class Footprint(Frozen):
    """The costs of one exported model.

    Attributes:
        bytes: size of the ONNX file.
        parameters: weights and biases, and the normaliser's statistics: all numbers that stand in the graph as arrays.
        nonzero: share of the parameters that is not zero.
        latency_1: median microseconds for one row, one thread.
        latency_64: median microseconds for a batch of 64 rows, one thread.
    """

    bytes: int
    parameters: int
    nonzero: float
    latency_1: float
    latency_64: float

    @classmethod
    def of(cls, path: Path, rows: npt.NDArray[Any] | pd.DataFrame) -> Footprint:
        """Measure the model at ``path``, its latency on raw ``rows``."""
        from ntgate.export.latency import latency

        values = parameters(path)
        return cls(
            bytes=path.stat().st_size,
            parameters=sum(value.size for value in values),
            nonzero=sum(np.count_nonzero(value) for value in values) / max(1, sum(value.size for value in values)),
            latency_1=latency(path, rows, 1),
            latency_64=latency(path, rows, 64),
        )


def parameters(path: Path) -> list[npt.NDArray[Any]]:
    """The arrays of numbers in the graph at ``path``; a quantised weight counts as its integers, its scales do not count."""
    import onnx

    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.INT8, onnx.TensorProto.UINT8, onnx.TensorProto.INT32)
    graph = onnx.load(path, load_external_data=False).graph
    return [
        onnx.numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if tensor.data_type in kinds and tensor.dims and not tensor.name.endswith(("_scale", "_zero_point"))
    ]
