"""Quantised models: smaller, close to the float model, and the integers are those of numpy."""

from __future__ import annotations

import numpy as np
import onnx
import pandas as pd
import pytest

from ntgate.compression.quantisation import Quantisation
from ntgate.data.domain import Domain
from ntgate.data.encoder import fit_encoder
from ntgate.errors import ModelError
from ntgate.export import quantise as module
from ntgate.export.footprint import Footprint, parameters
from ntgate.export.latency import latency
from ntgate.export.onnx_export import export_onnx
from ntgate.export.quantise import quantise
from ntgate.export.runtime import class_names, input_schema, scores_onnx
from ntgate.training.config import Cnn, Imported, Mlp, NetworkSpec
from ntgate.training.network import build
from ntgate.training.source import rows_of

RNG = np.random.default_rng(0)
WARDS = pd.Series(RNG.choice(["a", "b", ""], 300), dtype=object)
DOMAINS = {
    "vectors": (Domain("train", RNG.normal(size=(300, 64)).astype(np.float32), None), Mlp(hidden=(256, 128))),
    "images": (Domain("train", RNG.integers(0, 255, (300, 12, 12, 3), dtype=np.uint8), None), Cnn()),
    "table": (
        Domain("train", pd.DataFrame({"age": RNG.normal(50, 9, 300).astype(np.float32), "ward": WARDS}), None),
        Mlp(hidden=(256, 128)),
    ),
}
MODES = ["static", "dynamic"]


def export(domain, backbone, path, seed=0):
    encoder = fit_encoder(domain)
    rows = rows_of(encoder, domain)
    network = build(NetworkSpec(backbone=backbone, input_shape=tuple(rows.x.shape[1:]), classes=3), seed).eval()
    network.normaliser.fit(rows.x)
    return export_onnx(network, encoder, path, classes=("x", "y", "z"))


@pytest.fixture(scope="module", params=DOMAINS)
def exported(request, tmp_path_factory):
    domain, backbone = DOMAINS[request.param]
    return request.param, export(domain, backbone, tmp_path_factory.mktemp("quantise") / "m.onnx"), domain


@pytest.mark.parametrize("mode", MODES)
def test_it_is_smaller_and_scores_nearly_the_same(exported, mode, tmp_path):
    name, path, domain = exported
    to = quantise(path, tmp_path / "q.onnx", Quantisation(mode=mode), domain.rows)
    before, after = Footprint.of(path, domain.rows), Footprint.of(to, domain.rows)
    assert after.bytes < (0.4 if mode == "static" or name != "images" else 0.5) * before.bytes
    assert after.parameters == before.parameters
    old, new = (scores_onnx(model, domain.rows) for model in (path, to))
    assert new.dtype == np.float32
    assert new.sum(axis=1) == pytest.approx(np.ones(300), abs=1e-5)
    assert 0 < np.abs(new - old).max() < 0.02
    assert class_names(to) == ("x", "y", "z")
    assert input_schema(to) == input_schema(path)


@pytest.mark.parametrize("mode", MODES)
def test_preprocessing_and_scores_stay_in_floating_point(exported, mode, tmp_path):
    _, path, domain = exported
    to = quantise(path, tmp_path / "q.onnx", Quantisation(mode=mode), domain.rows)
    before, after = (onnx.load(model).graph for model in (path, to))
    layers = {"Gemm", "MatMul", "Conv"}
    for node in before.node:
        if node.op_type not in layers:
            assert [kept.op_type for kept in after.node if list(kept.output) == list(node.output)] == [node.op_type]
    made = {name: node for node in after.node for name in node.output}
    assert made["scores"].op_type == "Softmax"
    integers = [node for node in after.node if node.op_type in ("QuantizeLinear", "DynamicQuantizeLinear")]
    count = sum(node.op_type in layers for node in before.node)
    assert len(integers) >= count - (mode == "dynamic") * sum(node.op_type == "Conv" for node in before.node)
    for node in before.node:  # nothing before the first layer is made of integers
        if node.op_type in layers:
            break
        assert not {made[name].op_type for name in node.input if name in made} & {"DequantizeLinear"}


def test_a_row_scores_the_same_in_every_batch(exported, tmp_path):
    _, path, domain = exported
    to = quantise(path, tmp_path / "q.onnx", Quantisation(), domain.rows)
    whole = scores_onnx(to, domain.rows)
    for size in (1, 7, 64):
        assert scores_onnx(to, domain.rows, batch_size=size) == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_it_is_deterministic(exported, mode, tmp_path):
    _, path, domain = exported
    made = [quantise(path, tmp_path / f"{i}.onnx", Quantisation(mode=mode), domain.rows).read_bytes() for i in range(2)]
    assert made[0] == made[1]


@pytest.mark.parametrize("per_channel", [True, False])
def test_the_first_layer_is_numpys_integer_arithmetic(per_channel, tmp_path):
    """The layer's scores from integers alone, in int64, against the graph: equal to within one step of the activation."""
    domain = DOMAINS["vectors"][0]
    # A network without hidden layers: scores are the softmax of one product, so its logarithm gives the product back.
    path = export(domain, Mlp(hidden=()), tmp_path / "m.onnx")
    to = quantise(path, tmp_path / "q.onnx", Quantisation(per_channel=per_channel), domain.rows)
    held = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(to).graph.initializer}
    floats = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    weight = floats["network.head.weight"]
    scale = np.abs(weight).max(axis=1 if per_channel else None, keepdims=True) / 64
    integers = np.rint(weight / scale)
    assert held["network.head.weight_quantized"] == pytest.approx(integers, abs=1)
    assert np.abs(held["network.head.weight_quantized"]).max() <= 64
    x = np.clip((domain.rows - floats["network.normaliser.mean"]) / floats["network.normaliser.scale"], -10, 10)
    (step,) = [v for k, v in held.items() if k.endswith("_scale") and not k.startswith("network.")]
    (zero,) = [v for k, v in held.items() if k.endswith("_zero_point") and not k.startswith("network.")]
    assert step == pytest.approx((x.max() - x.min()) / 255, rel=1e-5)
    codes = np.clip(np.rint(x / step) + int(zero), 0, 255).astype(np.int64)
    product = (codes - int(zero)) @ held["network.head.weight_quantized"].astype(np.int64).T
    weight_scale = np.ravel(held["network.head.weight_scale"])
    logits = step * weight_scale * (product + held["network.head.bias_quantized"])
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    # One code more or less, where rounding in float32 falls on the other side, moves a logit by one step times a weight.
    assert scores_onnx(to, domain.rows) == pytest.approx(expected, abs=float(step * np.abs(weight).max()))
    assert np.median(np.abs(scores_onnx(to, domain.rows) - expected)) < 1e-6


def test_only_the_given_rows_calibrate(tmp_path, monkeypatch):
    """Rows with another range give another step; the rows of the calibration are those that were given, evenly spread."""
    domain, backbone = DOMAINS["vectors"]
    path = export(domain, backbone, tmp_path / "m.onnx")
    seen = []
    original = module.feed
    monkeypatch.setattr(module, "feed", lambda running, rows, path: seen.append(rows) or original(running, rows, path))
    quantise(path, tmp_path / "q.onnx", Quantisation(calibration_rows=100), domain.rows[:200])
    rows = np.concatenate(seen)
    assert rows.shape == (100, 64)
    assert np.array_equal(rows, domain.rows[np.linspace(0, 199, 100).round().astype(int)])


def test_a_model_without_weights_is_refused(tmp_path):
    domain = DOMAINS["vectors"][0]
    path = export(domain, Mlp(hidden=()), tmp_path / "m.onnx")
    model = onnx.load(path)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Softmax", ["x"], ["scores"], axis=1)],
        "plain",
        model.graph.input,
        [onnx.helper.make_tensor_value_info("scores", 1, ["n", 64])],
    )
    onnx.save(onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version), path)
    for mode in MODES:
        with pytest.raises(ModelError, match=r"a model with weights to quantise \(Gemm, MatMul.*leave quantisation out"):
            quantise(path, tmp_path / "q.onnx", Quantisation(mode=mode), domain.rows)


def test_parameters_are_those_of_the_network(tmp_path):
    backbone = Imported(path="torch.nn:Flatten")
    path = export(DOMAINS["vectors"][0], backbone, tmp_path / "m.onnx")
    assert sum(value.size for value in parameters(path)) == 64 * 3 + 3 + 2 * 64
    path = export(DOMAINS["vectors"][0], Mlp(hidden=(32,)), tmp_path / "m.onnx")
    assert sum(value.size for value in parameters(path)) == 64 * 32 + 32 + 32 * 3 + 3 + 2 * 64


def test_the_latency_is_the_median_of_real_calls(tmp_path):
    """A batch takes longer than a row; both are finite microseconds, also where there are fewer rows than a batch."""
    domain = DOMAINS["vectors"][0]
    path = export(domain, Mlp(hidden=(1024, 1024)), tmp_path / "m.onnx")
    assert 0 < latency(path, domain.rows[:3], 1) < latency(path, domain.rows[:3], 64) < 1e6


def test_exported_models_do_not_name_places_of_this_machine(exported, tmp_path):
    _, path, domain = exported
    to = quantise(path, tmp_path / "q.onnx", Quantisation(), domain.rows)
    for model in (path, to):
        content = model.read_bytes()
        assert b".py" not in content
        assert str(tmp_path).encode() not in content
