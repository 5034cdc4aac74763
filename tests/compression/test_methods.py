"""Every method on a trained network: it gets smaller, stays close to its teacher, is deterministic, and exports with parity."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from ntgate.compression import Compressions
from ntgate.compression.base import part_of_budget
from ntgate.compression.distillation import Distillation
from ntgate.compression.pruning import Pruning
from ntgate.compression.units import without_units
from ntgate.data.domain import Domain
from ntgate.errors import ModelError
from ntgate.export.footprint import Footprint
from ntgate.export.onnx_export import export_onnx
from ntgate.export.parity import check_parity
from ntgate.models.network import NetworkModel
from ntgate.training.config import Imported, Mlp, NetworkSpec
from ntgate.training.network import build
from ntgate.training.source import rows_of
from tests.compression.conftest import CLASSES

METHODS = {
    "distillation": Distillation(width=0.5),
    "unstructured": Pruning(sparsity=0.7),
    "one_shot": Pruning(sparsity=0.7, rounds=1),
    "structured": Pruning(sparsity=0.5, structured=True),
}


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


@pytest.fixture(params=["mlp", "cnn"])
def trained(request):
    return request.getfixturevalue(request.param)


def scores(trained: NetworkModel, rows: Domain) -> np.ndarray:
    return trained.scores(rows.rows)


def accuracy(trained: NetworkModel, rows: Domain) -> float:
    return float(np.mean(scores(trained, rows).argmax(axis=1) == rows.y))


def exported(trained: NetworkModel, test: Domain, path) -> Footprint:
    trained.export(path)
    assert check_parity(path, test.rows, scores(trained, test)) < 1e-5
    return Footprint.of(path, test.rows)


def test_it_costs_less_and_stays_close(method, trained, tmp_path):
    teacher, arm, test = trained
    before = copy.deepcopy(teacher.network.state_dict())
    smaller = method.compress(teacher, arm)
    assert accuracy(teacher, test) > 0.8
    assert accuracy(smaller, test) > accuracy(teacher, test) - 0.05
    assert np.mean(scores(smaller, test).argmax(axis=1) == scores(teacher, test).argmax(axis=1)) > 0.85
    assert all(torch.equal(value, before[name]) for name, value in teacher.network.state_dict().items())
    old = exported(teacher, test, tmp_path / "old.onnx")
    new = exported(smaller, test, tmp_path / "new.onnx")
    if isinstance(method, Pruning) and not method.structured:
        assert new.parameters == old.parameters
        assert new.nonzero < 0.34  # biases and the normaliser's statistics stay
        assert new.bytes == old.bytes
    else:
        assert new.parameters < 0.6 * old.parameters
        assert new.bytes < 0.7 * old.bytes


def test_it_is_deterministic(method, mlp):
    teacher, arm, _ = mlp
    one, other = (method.compress(teacher, arm).network.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_pruned_weight_stays_zero_through_the_training(mlp):
    teacher, arm, _ = mlp
    pruned = Pruning(sparsity=0.9).compress(teacher, arm).network
    weights = [value for value in pruned.parameters() if value.ndim >= 2]
    total = sum(value.numel() for value in weights)
    assert sum(int((value == 0).sum()) for value in weights) == int(0.9 * total)


def test_fewer_units_are_quicker(digits, tmp_path):
    """The floor of the latency comes from fewer products: wide enough for them to count, and by more than noise."""
    x = digits[0].reshape(-1, 64)
    rows = Domain("test", x, None)
    network = build(NetworkSpec(backbone=Mlp(hidden=(1024, 1024)), input_shape=(64,), classes=10), 0).eval()
    narrow = without_units(network.spec, network, 0.25)
    from ntgate.data.encoder import fit_encoder

    costs = []
    for name, each in (("wide", network), ("narrow", narrow)):
        export_onnx(each, fit_encoder(rows), tmp_path / f"{name}.onnx", classes=CLASSES)
        costs.append(Footprint.of(tmp_path / f"{name}.onnx", x))
    assert costs[1].latency_64 < 0.5 * costs[0].latency_64
    assert costs[1].bytes < 0.15 * costs[0].bytes


@pytest.mark.parametrize("backbone", ["mlp", "cnn"])
def test_units_that_are_always_zero_can_go_without_a_trace(backbone, request):
    teacher, _, test = request.getfixturevalue(backbone)
    network = copy.deepcopy(teacher.network)
    layers = [module for module in network.features.modules() if hasattr(module, "weight")]
    with torch.no_grad():
        for layer in layers:
            dead = torch.randperm(len(layer.weight), generator=torch.Generator().manual_seed(1))[: len(layer.weight) // 2]
            layer.weight[dead], layer.bias[dead] = 0.0, 0.0
    smaller = without_units(network.spec, network, 0.5)
    assert sum(p.numel() for p in smaller.parameters()) < 0.6 * sum(p.numel() for p in network.parameters())
    x = rows_of(teacher.encoder, test).x
    with torch.inference_mode():
        assert torch.allclose(smaller(x), network(x), atol=1e-5)


def test_compressions_follow_each_other(mlp):
    """Units, then weights: the second starts from what the first has left."""
    teacher, arm, test = mlp
    half = Pruning(sparsity=0.5, structured=True).compress(teacher, arm)
    sparse = Pruning(sparsity=0.5).compress(half, arm)
    assert sparse.network.spec.backbone.hidden == (48, 24)
    assert accuracy(sparse, test) > accuracy(teacher, test) - 0.07


def test_it_cannot_see_the_test_rows_and_needs_no_labels_but_those_of_the_target(mlp):
    teacher, arm, _ = mlp
    view = dataclasses.replace(arm.view, source=dataclasses.replace(arm.view.source, y=None))
    one = Distillation(budget=1).compress(teacher, arm).network.state_dict()
    other = Distillation(budget=1).compress(teacher, dataclasses.replace(arm, view=view)).network.state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_source_rows_can_be_left_out(mlp):
    teacher, arm, _ = mlp
    view = dataclasses.replace(arm.view, source=arm.view.source.take(np.arange(3)))
    for kept in (False, True):
        method = Distillation(budget=1, source_rows=kept)
        one, other = (
            method.compress(teacher, dataclasses.replace(arm, view=seen)).network.state_dict() for seen in (arm.view, view)
        )
        assert all(torch.equal(one[name], other[name]) for name in one) is not kept


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_the_rounds_share_the_budget(mlp, parts, tmp_path):
    arm = dataclasses.replace(mlp[1], checkpoint=tmp_path / "pruning.checkpoint")
    shares = [part_of_budget(arm, i, parts) for i in range(parts)]
    assert sum(share.steps for share in shares) == arm.steps == 200
    assert len({share.checkpoint for share in shares}) == parts


def test_a_student_larger_than_its_teacher_is_refused(mlp):
    teacher, arm, _ = mlp
    with pytest.raises(ModelError, match=r"compression\.student: expected fewer parameters than the 11386"):
        Distillation(student=Mlp(hidden=(500,))).compress(teacher, arm)


def test_units_of_an_unknown_backbone_are_refused(mlp):
    _, arm, _ = mlp
    spec = NetworkSpec(backbone=Imported(path="torch.nn:Flatten"), input_shape=(64,), classes=10)
    teacher = NetworkModel(build(spec, 0), mlp[0].encoder, mlp[0].classes)
    for method in (Distillation(), Pruning(structured=True)):
        with pytest.raises(ModelError, match="a backbone mlp or cnn, whose units are known, got import"):
            method.compress(teacher, arm)
    assert Pruning(rounds=1).compress(teacher, arm).network.head.weight.count_nonzero() == 320


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "pruning", "sparsity": 1.0}, "less than 1"),
        ({"kind": "pruning", "sparsity": 0.0}, "greater than 0"),
        ({"kind": "pruning", "rounds": 0}, "greater than or equal to 1"),
        ({"kind": "distillation", "temperature": 0}, "greater than or equal to 0.001"),
        ({"kind": "distillation", "width": 1}, "less than 1"),
        ({"kind": "quantisation", "mode": "int4"}, "'static' or 'dynamic'"),
        ({"kind": "zip"}, "'distillation', 'pruning', 'quantisation'"),
        ([{"kind": "pruning"}, {"kind": "pruning", "structured": True}], "each method once, got pruning, pruning"),
        (["quantisation", "pruning"], "quantisation last"),
        (7, "valid tuple"),
    ],
)
def test_bad_settings_are_refused(given, message):
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(Compressions).validate_python(given)


def test_a_method_can_be_named_alone_or_in_a_list():
    adapter = TypeAdapter(Compressions)
    assert adapter.validate_python("pruning") == adapter.validate_python([{"kind": "pruning"}]) == (Pruning(),)
    assert adapter.validate_python({"kind": "pruning", "sparsity": 0.2}) == (Pruning(sparsity=0.2),)
    assert adapter.validate_python(adapter.dump_python(adapter.validate_python("pruning"))) == (Pruning(),)
    assert adapter.validate_python([]) == ()


@pytest.mark.parametrize("given", ["pruning", {"kind": "pruning", "sparsity": 0.2}, ["pruning", {"kind": "quantisation"}]])
def test_the_schema_knows_every_way_of_writing_it(given):
    import jsonschema

    jsonschema.validate(given, TypeAdapter(Compressions).json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([given, "zip"], TypeAdapter(Compressions).json_schema())
