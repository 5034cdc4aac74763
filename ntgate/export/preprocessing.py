"""An encoder as an ONNX graph, operator by operator, so that an exported model takes raw rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from ntgate.data.date_parts import DateParts
from ntgate.data.encoder import Categorical, Encoder, ImageEncoder, Numeric, TableEncoder, TextEncoder
from ntgate.data.tokens import TokenEncoder
from ntgate.export.date_graph import date_nodes
from ntgate.export.text_graph import CONTRIB, WORDS, text_nodes

OPSET = 18
OUTPUT = "encoded"


def inner_prefix(encoder: Encoder | TextEncoder) -> str:
    """What the name of everything inside a graph begins with, and no column's name: columns may be called anything.

    >>> inner_prefix(TableEncoder(numeric=(), categorical=())), inner_prefix(ImageEncoder(height=1, width=1, channels=1))
    ('ntgate/', 'ntgate/')
    """
    prefix = "ntgate/"
    while any(name.startswith(prefix) for name in columns_of(encoder)):
        prefix += "/"
    return prefix


def columns_of(encoder: Encoder | TextEncoder) -> tuple[str, ...]:
    """The columns that a graph takes as its inputs; none where it takes ``x``."""
    if isinstance(encoder, TextEncoder):
        return (*columns_of(encoder.table), *(text.name for text in encoder.texts))
    if isinstance(encoder, TokenEncoder):
        return (encoder.called,)
    if not isinstance(encoder, TableEncoder):
        return ()
    columns: list[Numeric | Categorical | DateParts] = [*encoder.numeric, *encoder.categorical, *encoder.dates]
    return tuple(column.name for column in columns)


def preprocessing_graph(encoder: Encoder | TextEncoder, ir_version: int) -> ModelProto:
    """The encoder as a model from raw rows to :data:`OUTPUT` ``(n, *shape)`` behind :func:`inner_prefix`.

    Tokens enter as their ids, since ONNX has no tokenizer such as a transformer's; the metadata hold it. Images enter as ``x``,
    uint8 ``(n, h, w, c)``; a table as one input ``(n, 1)`` a column, under the column's name: float32, text,
    or float64 for dates, as seconds since 1970 in UTC (or the finer steps that the files have), and for numbers that float32 would
    not tell apart. Rows of plain numbers need no preprocessing, and no graph.
    """
    inner = inner_prefix(encoder)
    output = inner + OUTPUT
    nodes: list[NodeProto] = []
    constants: list[TensorProto] = []
    between: list[ValueInfoProto] = []
    if isinstance(encoder, ImageEncoder):
        inputs = [_input("x", TensorProto.UINT8, [encoder.height, encoder.width, encoder.channels])]
        nodes = [
            helper.make_node("Cast", ["x"], [f"{inner}pixels"], to=TensorProto.FLOAT),
            helper.make_node("Transpose", [f"{inner}pixels"], [f"{inner}planes"], perm=[0, 3, 1, 2]),
            helper.make_node("Div", [f"{inner}planes", f"{inner}white"], [output]),
        ]
        constants = [numpy_helper.from_array(np.float32(255), f"{inner}white")]
    elif isinstance(encoder, TokenEncoder):
        inputs = [_input(encoder.called, TensorProto.FLOAT, [encoder.length])]
        nodes = [helper.make_node("Identity", [encoder.called], [output])]
    elif isinstance(encoder, TableEncoder | TextEncoder):
        table, texts = (encoder.table, encoder.texts) if isinstance(encoder, TextEncoder) else (encoder, ())
        inputs, blocks = _table(table, inner, nodes, constants)
        for i, text in enumerate(texts):
            inputs.append(_input(text.name, TensorProto.STRING, [1]))
            blocks.append(text_nodes(text, f"{inner}text_{i}/", nodes, constants))
            # No rule of ONNX tells what a tokenizer makes, and its checker crashes where it is not told.
            between.append(helper.make_tensor_value_info(f"{inner}text_{i}/{WORDS}", TensorProto.STRING, ["n", "words"]))
        nodes.append(helper.make_node("Concat", blocks, [output], axis=1))
    else:
        raise TypeError(f"no preprocessing for {type(encoder).__name__}")
    out = helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", *encoder.shape])
    graph = helper.make_graph(nodes, "preprocessing", inputs, [out], constants, value_info=between)
    domains = {"": OPSET, "ai.onnx.ml": 3}
    if isinstance(encoder, TextEncoder):
        domains[CONTRIB] = 1
    opsets = [helper.make_opsetid(domain, version) for domain, version in domains.items()]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)


def _table(
    encoder: TableEncoder, inner: str, nodes: list[NodeProto], constants: list[TensorProto]
) -> tuple[list[ValueInfoProto], list[str]]:
    """Impute, mark and one-hot encode, in the order of :meth:`TableEncoder.encode`: the inputs, and the names of what is made."""
    inputs, values, marks, categories = [], [], [], []
    for i, number in enumerate(encoder.numeric):
        median, missing, imputed, mark = (f"{inner}{name}_{i}" for name in ("median", "missing", "imputed", "mark"))
        kind, place = (np.float64, TensorProto.DOUBLE) if number.exact else (np.float32, TensorProto.FLOAT)
        inputs.append(_input(number.name, place, [1]))
        constants.append(numpy_helper.from_array(kind(number.median), median))
        nodes.append(helper.make_node("IsNaN", [number.name], [f"{missing}_0"]))
        for j, gone in enumerate(number.gone):
            constants.append(numpy_helper.from_array(kind(gone), f"{missing}_gone_{j}"))
            nodes.append(helper.make_node("Equal", [number.name, f"{missing}_gone_{j}"], [f"{missing}_is_{j}"]))
            nodes.append(helper.make_node("Or", [f"{missing}_{j}", f"{missing}_is_{j}"], [f"{missing}_{j + 1}"]))
        nodes.append(helper.make_node("Identity", [f"{missing}_{len(number.gone)}"], [missing]))
        nodes.append(helper.make_node("Where", [missing, median, number.name], [imputed]))
        if number.exact:
            nodes.append(helper.make_node("Sub", [imputed, median], [f"{imputed}_difference"]))
            nodes.append(helper.make_node("Cast", [f"{imputed}_difference"], [f"{imputed}_float"], to=TensorProto.FLOAT))
            imputed = f"{imputed}_float"
        values.append(imputed)
        if number.marks_missing:
            nodes.append(helper.make_node("Cast", [missing], [mark], to=TensorProto.FLOAT))
            marks.append(mark)
    for i, text in enumerate(encoder.categorical):
        code, hot, flat, category = (f"{inner}{name}_{i}" for name in ("code", "hot", "flat", "category"))
        inputs.append(_input(text.name, TensorProto.STRING, [1]))
        known: dict[str, Any] = {"keys_strings": list(text.codes), "values_int64s": list(text.codes.values())}
        places: dict[str, Any] = {"cats_int64s": list(range(len(text.categories))), "zeros": 1}
        ml = {"domain": "ai.onnx.ml"}
        nodes.append(helper.make_node("LabelEncoder", [text.name], [code], default_int64=-1, **known, **ml))
        nodes.append(helper.make_node("OneHotEncoder", [code], [hot], **places, **ml))
        constants.append(numpy_helper.from_array(np.array([0, len(text.categories)], np.int64), flat))
        nodes.append(helper.make_node("Reshape", [hot, flat], [category]))
        categories.append(category)
    parts = []
    for i, date in enumerate(encoder.dates):
        inputs.append(_input(date.name, TensorProto.DOUBLE, [1]))
        parts += date_nodes(date, f"{inner}date_{i}", nodes, constants)
    return inputs, [*values, *marks, *categories, *parts]


def _input(name: str, kind: int, shape: list[int]) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, ["n", *shape])
