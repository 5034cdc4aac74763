"""A model that starts from the class scores of another one: both as one graph of encoded rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, compose, helper, numpy_helper

from ntgate.export.raw_rows import SCORES
from ntgate.export.tree_graph import Tree, tree_node

Floats = npt.NDArray[np.floating[Any]]
_ROWS, _LOGS = "rows", "logs"  # the rows flattened, and the logarithms of what is seen of the other model's scores


def linear_start(source: ModelProto, mapping: Floats, floor: Floats, weight: Floats, bias: Floats) -> ModelProto:
    """Softmax of a linear map of the rows and the logarithms behind them.

    Args:
        source: from an input ``x`` of encoded rows to ``scores`` ``(n, s)``.
        mapping: ``(s, k)``; the logarithms are those of the source's scores times this, plus ``floor``.
        floor: ``(k,)``, above 0.
        weight: ``(c, d + k)``.
        bias: ``(c,)``.
    """
    nodes = [
        helper.make_node("Concat", [_ROWS, _LOGS], ["wider"], axis=1),
        helper.make_node("Gemm", ["wider", "weight", "bias"], ["sums"], transB=1),
    ]
    return _started(source, {"mapping": mapping, "floor": floor, "weight": weight, "bias": bias}, nodes, len(bias))


def boosted_start(source: ModelProto, mapping: Floats, floor: Floats, trees: Sequence[Tree]) -> ModelProto:
    """Softmax of the logarithms, a class each, and what ``trees`` add to them; the other arguments are as above."""
    nodes = [helper.make_node("Identity", [_LOGS], ["sums"])]
    if trees:
        nodes = [tree_node(trees, len(floor), _ROWS, "added"), helper.make_node("Add", ["added", _LOGS], ["sums"])]
    return _started(source, {"mapping": mapping, "floor": floor}, nodes, len(floor))


def _started(source: ModelProto, constants: Mapping[str, Floats], nodes: Sequence[NodeProto], classes: int) -> ModelProto:
    first = compose.add_prefix(source, "source/", rename_inputs=False).graph
    before = [
        helper.make_node("Gemm", [first.output[0].name, "mapping", "floor"], ["chances"]),
        helper.make_node("Log", ["chances"], [_LOGS]),
        helper.make_node("Flatten", ["x"], [_ROWS], axis=1),
    ]
    graph = helper.make_graph(
        [*first.node, *before, *nodes, helper.make_node("Softmax", ["sums"], [SCORES], axis=1)],
        "start",
        list(first.input),
        [helper.make_tensor_value_info(SCORES, TensorProto.FLOAT, ["n", classes])],
        [*first.initializer, *(numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items())],
    )
    return helper.make_model(graph, opset_imports=list(source.opset_import), ir_version=source.ir_version)
