"""A network of known layers as an ONNX graph, layer by layer.

torch's exporter knows every layer and takes seconds to look at the first one; the backbones of ours have six kinds of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from ntgate.export.preprocessing import OPSET
from ntgate.export.raw_rows import SCORES
from ntgate.training.network import CLAMP, Network, Normaliser, SideBySide
from ntgate.training.word_vectors import WordVectorFeatures

_IR_VERSION = 10


class _Unknown(Exception):
    """A layer, or a setting of one, that is not written here."""


class _Graph:
    """Nodes and constants, each with a name of its own: weights have those that they have in ``network``."""

    def __init__(self, network: nn.Module) -> None:
        self.nodes: list[Any] = []
        self.constants: list[TensorProto] = []
        named = itertools.chain(network.named_parameters(), network.named_buffers())
        self._names = {id(tensor): f"network.{name}" for name, tensor in named}

    def add(self, operator: str, inputs: Sequence[str], *, output: str = "", **attributes: Any) -> str:
        """The name of what ``operator`` makes of ``inputs``."""
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output or f"{name}_out"], name=name, **attributes))
        return output or f"{name}_out"

    def constant(self, values: Any) -> str:
        """The name of ``values``, a tensor or an array."""
        name = self._names.get(id(values), f"constant_{len(self.constants)}")
        array = values.detach().cpu().contiguous().numpy() if isinstance(values, Tensor) else np.asarray(values)
        self.constants.append(numpy_helper.from_array(array, name))
        return name


def layer_graph(network: nn.Module, shape: Sequence[int]) -> ModelProto | None:
    """The model from encoded rows ``x`` ``(n, *shape)`` to softmax ``scores`` ``(n, c)``; None where a layer is not known here.

    >>> from ntgate.training.config import Cnn, NetworkSpec
    >>> from ntgate.training.network import build
    >>> spec = NetworkSpec(backbone=Cnn(channels=(4,), width=8), input_shape=(8, 8), classes=3)
    >>> [node.op_type for node in layer_graph(build(spec, seed=0), (8, 8)).graph.node][:6]
    ['Sub', 'Div', 'Clip', 'Unsqueeze', 'Conv', 'MaxPool']
    >>> layer_graph(nn.Bilinear(2, 2, 2), (2,)) is None
    True
    """
    if type(network) is not Network:
        return None
    graph = _Graph(network)
    try:
        features = _written(graph, network.features, _written(graph, network.normaliser, "x"))
        logits = _written(graph, network.head, features)
    except _Unknown:
        return None
    graph.add("Softmax", [logits], output=SCORES, axis=1)
    whole = helper.make_graph(
        graph.nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info(SCORES, TensorProto.FLOAT, ["n", network.head.out_features])],
        graph.constants,
    )
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION)


def _written(graph: _Graph, module: nn.Module, x: str) -> str:
    """Write one layer; hooks may do anything, and a subclass too."""
    writer = _WRITERS.get(type(module))
    if writer is None or module._forward_hooks or module._forward_pre_hooks:
        raise _Unknown
    return writer(graph, module, x)


def _normaliser(graph: _Graph, module: Normaliser, x: str) -> str:
    if module.identity:
        return x
    scaled = graph.add("Div", [graph.add("Sub", [x, graph.constant(module.mean)]), graph.constant(module.scale)])
    ends = [graph.constant(np.float32(end)) for end in (-CLAMP, CLAMP)]
    return graph.add("Clip", [scaled, *ends])


def _sequential(graph: _Graph, module: nn.Sequential, x: str) -> str:
    for layer in module:
        x = _written(graph, layer, x)
    return x


def _side_by_side(graph: _Graph, module: SideBySide, x: str) -> str:
    return graph.add("Concat", [_written(graph, part, x) for part in (module.source, module.own)], axis=1)


def _word_vectors(graph: _Graph, module: WordVectorFeatures, x: str) -> str:
    """The mean of the vectors of the tokens that count; -1 is none."""
    tokens = graph.add("Cast", [x], to=TensorProto.INT64)
    nothing = graph.constant(np.array(0, np.int64))
    counts = graph.add("GreaterOrEqual", [tokens, nothing])
    if module.skipped is not None:
        skipped = graph.add("Equal", [tokens, graph.constant(np.array(module.skipped, np.int64))])
        counts = graph.add("And", [counts, graph.add("Not", [skipped])])
    counts, along = graph.add("Cast", [counts], to=TensorProto.FLOAT), graph.constant(np.array([1], np.int64))
    number = graph.add("Max", [graph.add("ReduceSum", [counts, along]), graph.constant(np.float32(1))])
    share = graph.add("Unsqueeze", [graph.add("Div", [counts, number]), along])
    vectors = graph.add("Gather", [graph.constant(module.vectors), graph.add("Max", [tokens, nothing])])
    mean = graph.add("Squeeze", [graph.add("MatMul", [share, vectors]), along])
    if not module.unit:
        return mean
    least = graph.constant(np.float32(1e-12))  # that of torch's normalize
    return graph.add("Div", [mean, graph.add("Max", [graph.add("ReduceL2", [mean, along]), least])])


def _flatten(graph: _Graph, module: nn.Flatten, x: str) -> str:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise _Unknown
    return graph.add("Flatten", [x], axis=1)


def _unflatten(graph: _Graph, module: nn.Unflatten, x: str) -> str:
    """That of grey images alone, which get a channel."""
    sizes = tuple(module.unflattened_size)
    if module.dim != 1 or len(sizes) != 2 or sizes[0] != 1:
        raise _Unknown
    return graph.add("Unsqueeze", [x, graph.constant(np.array([1], np.int64))])


def _linear(graph: _Graph, module: nn.Linear, x: str) -> str:
    given = [module.weight] if module.bias is None else [module.weight, module.bias]
    return graph.add("Gemm", [x, *map(graph.constant, given)], transB=1)


def _convolution(graph: _Graph, module: nn.Conv2d, x: str) -> str:
    if isinstance(module.padding, str) or module.padding_mode != "zeros":
        raise _Unknown
    given = [module.weight] if module.bias is None else [module.weight, module.bias]
    return graph.add(
        "Conv",
        [x, *map(graph.constant, given)],
        kernel_shape=module.kernel_size,
        strides=module.stride,
        pads=[*module.padding, *module.padding],
        dilations=module.dilation,
        group=module.groups,
    )


def _pooling(graph: _Graph, module: nn.MaxPool2d, x: str) -> str:
    settings = (module.kernel_size, module.stride, module.padding, module.dilation, module.ceil_mode)
    if settings != (2, 2, 0, 1, False) or module.return_indices:
        raise _Unknown
    return graph.add("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])


def _relu(graph: _Graph, module: nn.ReLU, x: str) -> str:  # noqa: ARG001
    return graph.add("Relu", [x])


def _dropout(graph: _Graph, module: nn.Dropout, x: str) -> str:  # noqa: ARG001
    """Nothing is left out of what is shipped."""
    return x


_WRITERS: dict[type[nn.Module], Callable[[_Graph, Any, str], str]] = {
    Normaliser: _normaliser,
    nn.Sequential: _sequential,
    SideBySide: _side_by_side,
    WordVectorFeatures: _word_vectors,
    nn.Flatten: _flatten,
    nn.Unflatten: _unflatten,
    nn.Linear: _linear,
    nn.Conv2d: _convolution,
    nn.MaxPool2d: _pooling,
    nn.ReLU: _relu,
    nn.Dropout: _dropout,
}
