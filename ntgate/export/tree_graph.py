"""A sum of decision trees as one ONNX node.

The arrays of a forest become the node's attributes at once; a converter that walks the trees node by node takes seconds for the
hundred thousand nodes of a usual forest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from ntgate.export.preprocessing import OPSET
from ntgate.export.raw_rows import SCORES

_IR_VERSION, _ML_OPSET = 10, 3

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tree:
    """One decision tree of ``k`` nodes, the root first.

    Attributes:
        feature: ``(k,)`` column that a node asks for.
        threshold: ``(k,)``; rows at or below it go left.
        left: ``(k,)`` child; negative for a leaf.
        right: ``(k,)`` child; negative for a leaf.
        value: ``(k, c)`` what a leaf adds to the scores.
    """

    feature: Ints
    threshold: npt.NDArray[np.float64]
    left: Ints
    right: Ints
    value: npt.NDArray[np.float64]


def tree_graph(trees: Sequence[Tree], shape: Sequence[int], base: npt.NDArray[np.floating[Any]], *, link: str | None) -> ModelProto:
    """The model from encoded rows ``x`` ``(n, *shape)`` to ``scores`` ``(n, c)``: what the trees add to ``base`` ``(c,)``.

    Args:
        trees: whose leaves' values have the ``c`` columns of ``base``.
        shape: of an encoded row.
        base: where the sums begin.
        link: the operator that makes scores of the sums, such as ``Softmax``; None: they are scores.
    """
    nodes = [
        helper.make_node("Flatten", ["x"], ["flat"], axis=1),
        tree_node(trees, len(base), "flat", "added"),
        # Not by the trees' own base: onnxruntime leaves it out of a class that no leaf adds to.
        helper.make_node("Add", ["added", "base"], ["sums" if link else SCORES]),
    ]
    if link:
        nodes.append(helper.make_node(link, ["sums"], [SCORES], axis=1))
    graph = helper.make_graph(
        nodes,
        "trees",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info(SCORES, TensorProto.FLOAT, ["n", len(base)])],
        [numpy_helper.from_array(base.astype(np.float32), "base")],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", _ML_OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)


def float32_at_most(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest float32 not above each value: a float32 row is at or below the one exactly where it is at or below the other.

    >>> at = float32_at_most(np.array([0.1, 0.5]))
    >>> bool(at[0] < 0.1), at[1] == 0.5
    (True, np.True_)
    """
    near = values.astype(np.float32)
    return np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)


def tree_node(trees: Sequence[Tree], classes: int, rows: str, output: str) -> NodeProto:
    """The node that makes of ``rows`` ``(n, d)`` the ``output`` ``(n, c)``: the sums of the trees' leaves."""
    sizes = [len(tree.feature) for tree in trees]
    owner = np.repeat(np.arange(len(trees)), sizes)
    number = np.concatenate([np.arange(size) for size in sizes])
    left, right = (np.concatenate([getattr(tree, side) for tree in trees]) for side in ("left", "right"))
    leaf, value = left < 0, np.concatenate([tree.value for tree in trees])
    row, column = np.nonzero((value != 0) & leaf[:, None])
    node = helper.make_node(
        "TreeEnsembleRegressor", [rows], [output], domain="ai.onnx.ml", n_targets=classes, aggregate_function="SUM"
    )
    _integers(node, "nodes_treeids", owner)
    _integers(node, "nodes_nodeids", number)
    _integers(node, "nodes_featureids", np.where(leaf, 0, np.concatenate([tree.feature for tree in trees])))
    _integers(node, "nodes_truenodeids", np.where(leaf, 0, left))
    _integers(node, "nodes_falsenodeids", np.where(leaf, 0, right))
    _floats(node, "nodes_values", float32_at_most(np.where(leaf, 0.0, np.concatenate([t.threshold for t in trees]))))
    modes = node.attribute.add(name="nodes_modes", type=AttributeProto.STRINGS)
    modes.strings.extend(b"LEAF" if ends else b"BRANCH_LEQ" for ends in leaf)
    _integers(node, "target_treeids", owner[row])
    _integers(node, "target_nodeids", number[row])
    _integers(node, "target_ids", column)
    _floats(node, "target_weights", value[row, column])
    return node


def _integers(node: NodeProto, name: str, values: npt.NDArray[Any]) -> None:
    node.attribute.add(name=name, type=AttributeProto.INTS).ints.extend(values.tolist())


def _floats(node: NodeProto, name: str, values: npt.NDArray[Any]) -> None:
    node.attribute.add(name=name, type=AttributeProto.FLOATS).floats.extend(values.astype(np.float32).tolist())
