"""A graph of encoded rows made one of raw rows: behind its encoder, described, checked, written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
from onnx import ModelProto, compose

import ntgate
from ntgate.data.encoder import ArrayEncoder, Encoder, TableEncoder, TextEncoder
from ntgate.data.tokens import TokenEncoder
from ntgate.export.preprocessing import OUTPUT, columns_of, inner_prefix, preprocessing_graph
from ntgate.export.serving import CLASSES, COLUMNS, KIND, TOKENS

SCORES = "scores"


def write(model: ModelProto, encoder: Encoder | TextEncoder, path: Path, *, classes: Sequence[str]) -> Path:
    """Put ``model``, from an input ``x`` of encoded rows to ``scores``, behind ``encoder`` and write it to ``path``."""
    if not isinstance(encoder, ArrayEncoder):
        model = _behind(encoder, model)
    _describe(model, encoder, classes)
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def _behind(encoder: Encoder | TextEncoder, model: ModelProto) -> ModelProto:
    preprocessing = preprocessing_graph(encoder, model.ir_version)
    for opset in preprocessing.opset_import:
        if opset.domain not in {known.domain for known in model.opset_import}:
            model.opset_import.add(domain=opset.domain, version=opset.version)
    inner = inner_prefix(encoder)
    prefixed = compose.add_prefix(model, f"{inner}network/")
    merged = compose.merge_models(preprocessing, prefixed, io_map=[(inner + OUTPUT, f"{inner}network/x")])
    opsets = {opset.domain: opset.version for opset in merged.opset_import}  # merging lists each of them twice
    del merged.opset_import[:]
    merged.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in opsets.items())
    # The prefix keeps the graphs' names apart; what the user reads is named as promised.
    output = SCORES
    while output in columns_of(encoder):
        output += "_"
    for node in merged.graph.node:
        node.output[:] = [output if name == f"{inner}network/{SCORES}" else name for name in node.output]
    merged.graph.output[0].name = output
    return merged


def _describe(model: ModelProto, encoder: Encoder | TextEncoder, classes: Sequence[str]) -> None:
    """Say who made the model and what its classes are, and nothing else.

    The exporter notes for each node where in the code it comes from, with this machine's paths: no business of whoever gets the
    file, and 10 kB that would make it differ from one machine to the next.
    """
    for described in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del described.metadata_props[:]
        described.doc_string = ""
    model.producer_name, model.producer_version = "ntgate", ntgate.__version__
    del model.metadata_props[:]
    plain = encoder.table if isinstance(encoder, TextEncoder) else encoder
    onnx.helper.set_model_props(
        model,
        {
            CLASSES: json.dumps(list(classes)),
            KIND: "table" if isinstance(plain, TokenEncoder) else plain.kind,
            COLUMNS: json.dumps(_written(plain)),
            **({TOKENS: json.dumps(_tokens(plain))} if isinstance(plain, TokenEncoder) else {}),
            "ntgate.version": ntgate.__version__,
        },
    )


def _tokens(encoder: TokenEncoder) -> dict[str, dict[str, Any]]:
    """How the ids are made of the text, the tokenizer included: the file is all that is needed."""
    told = {"column": encoder.column, "length": encoder.length, "pad": encoder.pad, "special": encoder.special}
    return {encoder.called: {**told, "tokenizer": encoder.content()}}


def _written(encoder: Encoder) -> dict[str, dict[str, Any]]:
    """How the cells of columns are written that are not plain, and which columns are dates."""
    if not isinstance(encoder, TableEncoder):
        return {}
    dates = {date.name: {"kind": "date", "rules": date.rules, "unit": date.unit} for date in encoder.dates}
    return {**{column.name: {"rules": column.rules} for column in encoder.numeric if column.rules}, **dates}
