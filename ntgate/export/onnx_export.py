"""A trained network and its encoder as one ONNX model."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import torch
from onnx import ModelProto
from torch import Tensor, nn

from ntgate.data.encoder import Encoder
from ntgate.errors import ModelError
from ntgate.export.layer_graph import layer_graph
from ntgate.export.preprocessing import OPSET
from ntgate.export.raw_rows import SCORES, write
from ntgate.machine import machine_fault


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
    model = layer_graph(network, encoder.shape)
    return write(_traced(network, encoder, path) if model is None else model, encoder, path, classes=classes)


def _traced(network: nn.Module, encoder: Encoder, path: Path) -> ModelProto:
    """What torch's exporter makes of a network with layers that are not ours."""
    example = torch.zeros(2, *encoder.shape)
    try:
        with _quiet():
            program = torch.onnx.export(
                _Scoring(network).eval(),
                (example,),
                dynamo=True,
                verbose=False,
                opset_version=OPSET,
                input_names=["x"],
                output_names=[SCORES],
                dynamic_shapes=({0: torch.export.Dim("n")},),
            )
    except (torch.onnx.errors.OnnxExporterError, torch.onnx.OnnxExporterError, RuntimeError) as error:
        if machine_fault(error) is not None:
            raise
        cause = error.__cause__ or error  # the exporter's own words are of its steps
        said = (str(cause).strip() or type(cause).__name__).splitlines()[0][:300]
        raise ModelError(
            f"export of {path.stem}",
            expected="a network that ONNX can express",
            got=said,
            fix="use standard torch operations with a dynamic batch in the backbone",
        ) from error
    assert program is not None
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns about packages that are no part of ntgate, and prints and logs whole graphs when it fails."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(before)
