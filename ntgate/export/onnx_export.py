"""A trained network and its encoder as one ONNX model."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch
from onnx import ModelProto, compose
from torch import Tensor, nn

import ntgate
from ntgate.data.encoder import ArrayEncoder, Encoder
from ntgate.errors import ModelError
from ntgate.export.preprocessing import OPSET, OUTPUT, columns_of, inner_prefix, preprocessing_graph
from ntgate.export.serving import CLASSES, KIND

SCORES = "scores"


class _Scoring(nn.Module):
    """The network with its logits turned into class scores that sum to one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.network(x)
        return logits.softmax(dim=1)


def export_onnx(network: nn.Module, encoder: Encoder, path: Path, *, classes: Sequence[str]) -> Path:
    """Write ``network`` behind ``encoder`` to ``path``.

    The model takes raw rows: one float32 input ``x`` ``(n, ...)`` for arrays, uint8 ``(n, h, w, c)`` for images, and one
    ``(n, 1)`` input a column, float32 or string, for tables. Its one output, ``scores`` ``(n, c)``, holds softmax scores in the
    order of ``classes``, which stand in the metadata. Where a column is called so, the output is the first of ``scores_``,
    ``scores__``, ... that no column is called.

    Raises:
        ModelError: when the network uses operations that ONNX does not have.
    """
    example = torch.zeros(2, *encoder.shape)
    try:
        with _quiet():
            program = torch.onnx.export(
                _Scoring(network).eval(), (example,), dynamo=True, verbose=False, opset_version=OPSET,
                input_names=["x"], output_names=[SCORES], dynamic_shapes=({0: torch.export.Dim("n")},),
            )  # fmt: skip
    except (torch.onnx.errors.OnnxExporterError, torch.onnx.OnnxExporterError, RuntimeError) as error:
        raise ModelError(
            f"export of {path.stem}", expected="a network that ONNX can express", got=str(error).splitlines()[0],
            fix="use standard torch operations with a dynamic batch in the backbone",
        ) from error  # fmt: skip
    assert program is not None
    model: ModelProto = program.model_proto
    if not isinstance(encoder, ArrayEncoder):
        model = _merged(encoder, model)
    _describe(model, encoder, classes)
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def _merged(encoder: Encoder, model: ModelProto) -> ModelProto:
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


def _describe(model: ModelProto, encoder: Encoder, classes: Sequence[str]) -> None:
    """Say who made the model and what its classes are, and nothing else.

    The exporter notes for each node where in the code it comes from, with this machine's paths: no business of whoever gets the
    file, and 10 kB that would make it differ from one machine to the next.
    """
    for described in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        del described.metadata_props[:]
        described.doc_string = ""
    model.producer_name, model.producer_version = "ntgate", ntgate.__version__
    del model.metadata_props[:]
    onnx.helper.set_model_props(
        model, {CLASSES: json.dumps(list(classes)), KIND: encoder.kind, "ntgate.version": ntgate.__version__}
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns about packages that are no part of ntgate, and about its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)
