"""An exported model with its layers in 8-bit integers."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import onnx

from ntgate.errors import ModelError
from ntgate.export.runtime import feed, session

if TYPE_CHECKING:
    import pandas as pd

# Only these hold weights worth quantising. Preprocessing, normaliser and softmax have none of them, and stay as they are.
_STATIC, _DYNAMIC = ("Gemm", "MatMul", "Conv"), ("Gemm", "MatMul")


class Method(Protocol):
    """How to quantise: see :class:`~ntgate.compression.quantisation.Quantisation`."""

    @property
    def mode(self) -> Literal["static", "dynamic"]:
        """When the ranges of the activations are measured."""

    @property
    def calibration_rows(self) -> int:
        """Rows that static ranges are measured on, at most."""

    @property
    def per_channel(self) -> bool:
        """Whether each unit has a scale of its own."""


def quantise(path: Path, to: Path, method: Method, rows: npt.NDArray[Any] | pd.DataFrame) -> Path:
    """Write the model at ``path``, quantised, to ``to``.

    Weights are symmetric int8 between -64 and 64: a sum of two products with uint8 then fits in 16 bits, which older CPUs keep of
    it, so that the model scores the same on every CPU. Activations are uint8: static between the extremes that the raw
    ``rows`` give them, dynamic between those of each batch. Inputs, outputs and metadata are those of the float model.

    Raises:
        ModelError: when no layer of the model has weights that could be quantised.
    """
    from onnxruntime import quantization as ort

    model = onnx.load(path)
    known = {tensor.name for tensor in model.graph.initializer}
    kinds = _STATIC if method.mode == "static" else _DYNAMIC
    layers = [node.name for node in model.graph.node if node.op_type in kinds and node.input[1] in known]
    if not layers:
        raise ModelError(
            str(path),
            expected=f"a model with weights to quantise ({', '.join(kinds)})",
            got="none",
            fix="leave quantisation out of compression",
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    common: dict[str, Any] = {
        "op_types_to_quantize": list(kinds),
        "per_channel": method.per_channel,
        "weight_type": ort.QuantType.QInt8,
        "reduce_range": True,
    }
    with _quiet(), tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "model.onnx"
        onnx.save(_shaped(model), plain)
        if method.mode == "dynamic":
            ort.quantize_dynamic(plain, to, **common)
        else:
            ort.quantize_static(
                plain,
                to,
                _reader(path, rows, method.calibration_rows),
                quant_format=ort.QuantFormat.QDQ,
                activation_type=ort.QuantType.QUInt8,
                nodes_to_quantize=layers,
                **common,
                extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm", "MatMul"], "WeightSymmetric": True},
            )
    quantised = onnx.load(to)
    quantised.producer_name, quantised.producer_version = model.producer_name, model.producer_version
    del quantised.metadata_props[:]
    quantised.metadata_props.extend(model.metadata_props)
    onnx.checker.check_model(quantised, full_check=False)
    onnx.save(quantised, to)
    return to


def _shaped(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the shape of every value written down, which the quantiser asks for."""
    return onnx.shape_inference.infer_shapes(model)


def _reader(path: Path, rows: npt.NDArray[Any] | pd.DataFrame, most: int) -> Any:
    """Batches of raw rows for onnxruntime's calibration: evenly spread over ``rows``, so that sorted rows do no harm."""
    from onnxruntime.quantization import CalibrationDataReader

    count = min(most, len(rows))
    index = np.linspace(0, len(rows) - 1, count).round().astype(int)
    chosen = rows[index] if isinstance(rows, np.ndarray) else rows.iloc[index]
    running = session(path)
    batches = iter([feed(running, _part(chosen, i), path) for i in range(0, count, 64)])

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
            return next(batches, None)

    return Reader()


def _part(rows: Any, start: int) -> Any:
    return rows[start : start + 64] if isinstance(rows, np.ndarray) else rows.iloc[start : start + 64]


@contextmanager
def _quiet() -> Iterator[None]:
    """The quantiser writes advice to the root logger."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
