"""An encoder as an ONNX graph, operator by operator, so that an exported model takes raw rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from ntgate.data.encoder import Encoder, ImageEncoder, TableEncoder

OPSET = 18
OUTPUT = "encoded"


def preprocessing_graph(encoder: Encoder, ir_version: int) -> ModelProto:
    """The encoder as a model from raw rows to ``encoded`` ``(n, *shape)``.

    Images enter as ``x``, uint8 ``(n, h, w, c)``; a table as one input ``(n, 1)`` a column, under the column's name. Rows of
    plain numbers need no preprocessing, and no graph.
    """
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = []
    if isinstance(encoder, ImageEncoder):
        inputs = [_input("x", TensorProto.UINT8, [encoder.height, encoder.width, encoder.channels])]
        nodes = [
            helper.make_node("Cast", ["x"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2]),
            helper.make_node("Div", ["planes", "white"], [OUTPUT]),
        ]
        constants = [numpy_helper.from_array(np.float32(255), "white")]
    elif isinstance(encoder, TableEncoder):
        inputs = _table(encoder, nodes, constants)
    else:
        raise TypeError(f"no preprocessing for {type(encoder).__name__}")
    out = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", *encoder.shape])
    graph = helper.make_graph(nodes, "preprocessing", inputs, [out], constants)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def _table(encoder: TableEncoder, nodes: list[NodeProto], constants: list[TensorProto]) -> list[ValueInfoProto]:
    """Impute, mark and one-hot encode, in the order of :meth:`TableEncoder.encode`."""
    inputs, values, marks, categories = [], [], [], []
    for i, number in enumerate(encoder.numeric):
        inputs.append(_input(number.name, TensorProto.FLOAT, [1]))
        constants.append(numpy_helper.from_array(np.float32(number.median), f"median_{i}"))
        nodes.append(helper.make_node("IsNaN", [number.name], [f"missing_{i}"]))
        nodes.append(helper.make_node("Where", [f"missing_{i}", f"median_{i}", number.name], [f"imputed_{i}"]))
        values.append(f"imputed_{i}")
        if number.marks_missing:
            nodes.append(helper.make_node("Cast", [f"missing_{i}"], [f"mark_{i}"], to=TensorProto.FLOAT))
            marks.append(f"mark_{i}")
    for i, text in enumerate(encoder.categorical):
        inputs.append(_input(text.name, TensorProto.STRING, [1]))
        known: dict[str, Any] = {"cats_strings": list(text.categories), "zeros": 1}
        nodes.append(helper.make_node("OneHotEncoder", [text.name], [f"hot_{i}"], domain="ai.onnx.ml", **known))
        constants.append(numpy_helper.from_array(np.array([0, len(text.categories)], np.int64), f"flat_{i}"))
        nodes.append(helper.make_node("Reshape", [f"hot_{i}", f"flat_{i}"], [f"category_{i}"]))
        categories.append(f"category_{i}")
    nodes.append(helper.make_node("Concat", [*values, *marks, *categories], [OUTPUT], axis=1))
    return inputs


def _input(name: str, kind: int, shape: list[int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, ["n", *shape])
