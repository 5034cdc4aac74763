"""Several exported models and the pool of their scores as one ONNX graph."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import GraphProto, ModelProto, compose, helper, numpy_helper

from ntgate.export.preprocessing import OPSET


def export_committee(
    members: Sequence[Callable[[Path], None]],
    weights: Sequence[float],
    temperature: float,
    path: Path,
    *,
    floor: float,
    curve: Sequence[npt.NDArray[np.float32]] | None = None,
) -> Path:
    """Write the pool of ``members`` to ``path``, with the inputs, the output and the metadata of each of them.

    Args:
        members: what writes each member, a model of the same raw rows, to a file.
        weights: how much each counts.
        temperature: of the pool.
        path: of the file.
        floor: the least that a mean of scores counts as before it is raised to a power.
        curve: start, width and slope ``(k,)`` of the parts of the curve that the pool goes along; None: it stays.
    """
    with tempfile.TemporaryDirectory() as folder:
        models = []
        for number, member in enumerate(members):
            file = Path(folder) / f"{number}.onnx"
            member(file)
            models.append(onnx.load(file))
    first = models[0]
    inputs = {entry.name: entry for model in models for entry in model.graph.input}
    output = first.graph.output[0]
    prefix = "member"
    while any(name.startswith(prefix) for name in inputs):
        prefix += "_"
    whole = helper.make_graph([], "committee", list(inputs.values()), [output])
    weighed = [
        _joined(whole, compose.add_prefix(model, f"{prefix}{number}/", rename_inputs=False), weight)
        for number, (model, weight) in enumerate(zip(models, weights, strict=True))
    ]
    constants = {"least": np.float32(floor), "power": np.float32(1 / temperature), "axis": np.array([1], np.int64)}
    steps = {"mean": ("Sum", *weighed), "floored": ("Max", "mean", "least"), "powers": ("Pow", "floored", "power")}
    steps |= {"whole": ("ReduceSum", "powers", "axis"), "pool": ("Div", "powers", "whole")}
    if curve is not None:
        constants |= dict(zip(("start", "width", "slope"), curve, strict=True)) | {
            "none": np.float32(0),
            "last": np.array([2], np.int64),
        }
        steps |= {"each": ("Unsqueeze", "pool", "last"), "past": ("Sub", "each", "start"), "reached": ("Max", "past", "none")}
        steps |= {"within": ("Min", "reached", "width"), "risen": ("MatMul", "within", "slope"), "moved": ("Add", "risen", "least")}
        steps |= {"sums": ("ReduceSum", "moved", "axis"), "chances": ("Div", "moved", "sums")}
    whole.initializer.extend(numpy_helper.from_array(np.asarray(v), f"{prefix}s/{k}") for k, v in constants.items())
    final = next(reversed(steps))
    for name, (operator, *given) in steps.items():
        names = given if operator == "Sum" else [f"{prefix}s/{one}" for one in given]
        whole.node.append(helper.make_node(operator, names, [output.name if name == final else f"{prefix}s/{name}"]))
    made = helper.make_model(whole, opset_imports=_opsets(models), ir_version=max(m.ir_version for m in models))
    made.functions.extend(function for model in models for function in model.functions)
    made.producer_name, made.producer_version = first.producer_name, first.producer_version
    known = {entry.key: entry.value for model in reversed(models) for entry in model.metadata_props}
    helper.set_model_props(made, known)  # of one of them alone may be told how its texts become tokens
    onnx.checker.check_model(made, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(made, path)
    return path


def _joined(whole: GraphProto, model: ModelProto, weight: float) -> str:
    """Put ``model`` into the graph ``whole``; the name of ``weight`` times its scores."""
    graph = model.graph
    whole.node.extend(graph.node)
    whole.initializer.extend(graph.initializer)
    whole.value_info.extend(graph.value_info)
    scores = graph.output[0].name
    whole.initializer.append(numpy_helper.from_array(np.float32(weight), f"{scores}/weight"))
    whole.node.append(helper.make_node("Mul", [scores, f"{scores}/weight"], [f"{scores}/weighed"]))
    return f"{scores}/weighed"


def _opsets(models: Sequence[ModelProto]) -> list[onnx.OperatorSetIdProto]:
    versions = {"": OPSET}
    for model in models:
        versions |= {opset.domain: opset.version for opset in model.opset_import}
    return [helper.make_opsetid(domain, version) for domain, version in versions.items()]
