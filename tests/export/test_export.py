"""Exported models: raw rows in, class scores out, the same as the network's."""

from __future__ import annotations

import numpy as np
import onnx
import pandas as pd
import pytest
import torch
from torch import nn

from ntgate.data.domain import Domain
from ntgate.data.encoder import fit_encoder
from ntgate.errors import ModelError
from ntgate.export.onnx_export import export_onnx
from ntgate.export.parity import check_parity
from ntgate.export.runtime import class_names, input_schema, scores_onnx
from ntgate.training.config import NetworkSpec, default_backbone
from ntgate.training.network import build
from ntgate.training.source import rows_of

RNG = np.random.default_rng(0)


def table() -> Domain:
    frame = pd.DataFrame(
        {
            "age": RNG.normal(50, 9, 60).astype(np.float32),
            "ward": pd.Series(RNG.choice(["a", "b", ""], 60), dtype=object),
            "dose mg": RNG.normal(0, 1, 60).astype(np.float32),
        }
    )
    frame.loc[3, "age"] = np.nan
    return Domain("source", frame, None)


DOMAINS = {
    "vectors": Domain("source", RNG.normal(size=(60, 7)).astype(np.float32), None),
    "grey": Domain("source", RNG.random((60, 9, 8), dtype=np.float32), None),
    "images": Domain("source", RNG.integers(0, 255, (60, 10, 12, 3), dtype=np.uint8), None),
    "table": table(),
}


@pytest.fixture(scope="module", params=DOMAINS)
def exported(request, tmp_path_factory):
    domain = DOMAINS[request.param]
    encoder = fit_encoder(domain)
    rows = rows_of(encoder, domain)
    shape = tuple(rows.x.shape[1:])
    network = build(NetworkSpec(backbone=default_backbone(shape), input_shape=shape, classes=3), 0).eval()
    network.normaliser.fit(rows.x)
    path = export_onnx(network, encoder, tmp_path_factory.mktemp("export") / "m.onnx", classes=("x", "y", "z"))
    with torch.inference_mode():
        reference = network(rows.x).softmax(dim=1).numpy()
    return request.param, path, domain, reference


def test_parity_at_every_batch_size(exported):
    _, path, domain, reference = exported
    assert check_parity(path, domain.rows, reference, batch_sizes=(1, 2, 7, 64)) < 1e-6


def test_names_and_inputs(exported):
    name, path, _, _ = exported
    assert class_names(path) == ("x", "y", "z")
    expected = {
        "vectors": [("x", "float", [-1, 7])],
        "grey": [("x", "float", [-1, 9, 8])],
        "images": [("x", "uint8", [-1, 10, 12, 3])],
        "table": [("age", "float", [-1, 1]), ("dose mg", "float", [-1, 1]), ("ward", "string", [-1, 1])],
    }
    assert input_schema(path) == expected[name]
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    domains = [opset.domain for opset in model.opset_import]
    assert len(set(domains)) == len(domains)


def test_an_unknown_category_and_a_missing_number_are_scored(exported):
    name, path, domain, _ = exported
    if name != "table":
        pytest.skip("tables alone have categories")
    unseen = domain.rows.head(2).copy()
    unseen["ward"] = pd.Series(["never seen", ""], dtype=object)
    unseen.loc[0, "dose mg"] = np.nan
    assert np.isfinite(scores_onnx(path, unseen)).all()


def test_a_difference_is_refused(exported):
    _, path, domain, reference = exported
    with pytest.raises(ModelError, match="the network's scores to within"):
        check_parity(path, domain.rows, reference + 0.01)
    with pytest.raises(ModelError, match="a difference of nan"):
        check_parity(path, domain.rows, np.full_like(reference, np.nan))


def test_rows_that_do_not_fit_are_refused(exported):
    name, path, domain, _ = exported
    wrong = domain.rows.drop(columns="age") if name == "table" else domain.rows[..., :-1]
    with pytest.raises(ModelError, match="rows that fit the model's inputs"):
        scores_onnx(path, wrong)


def test_files_that_are_no_models_are_refused(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="expected an ONNX model"):
        class_names(tmp_path / "m.onnx")


def test_a_network_that_onnx_cannot_express_is_an_error(tmp_path):
    class Odd(nn.Module):
        def forward(self, x):
            return torch.from_numpy(np.asarray(x.tolist()))

    with pytest.raises(ModelError, match="a network that ONNX can express"):
        export_onnx(Odd(), fit_encoder(DOMAINS["vectors"]), tmp_path / "m.onnx", classes=("x",))
