"""A linear classifier and its encoder as one ONNX model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper, numpy_helper

from ntgate.data.encoder import Encoder, TextEncoder
from ntgate.export.preprocessing import OPSET
from ntgate.export.raw_rows import SCORES, write

_IR_VERSION = 10


def export_linear(
    weight: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    encoder: Encoder | TextEncoder,
    path: Path,
    *,
    classes: Sequence[str],
) -> Path:
    """Write the softmax of ``weight`` ``(c, d)`` times a row plus ``bias`` ``(c,)`` behind ``encoder`` to ``path``.

    Inputs and output are those of :func:`ntgate.export.onnx_export.export_onnx`.
    """
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "weight", "bias"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], [SCORES], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *encoder.shape])],
        [helper.make_tensor_value_info(SCORES, TensorProto.FLOAT, ["n", len(bias)])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION)
    return write(model, encoder, path, classes=classes)
