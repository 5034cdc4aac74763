"""A model whose folder has an image processor is trained, exported and served with that processor's mean and deviation."""

from __future__ import annotations

import json

import numpy as np
import onnxruntime
import pytest
import torch

from ntgate.data.domain import Domain
from ntgate.data.encoder import fit_encoder
from ntgate.export.runtime import input_schema, load_proto, row_kind, scores_onnx
from ntgate.export.serving_source import serving_source
from ntgate.models.network import NetworkModel
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.records import CandidateRecord, ModelRecord, RunRecord
from ntgate.registry.tracking import record
from ntgate.training.config import NetworkSpec, Transformers
from ntgate.training.network import build
from ntgate.training.source import rows_of

transformers = pytest.importorskip("transformers")
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def test_torch_onnxruntime_and_pyfunc_agree(tmp_path):
    import mlflow

    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    config = transformers.ViTConfig(**shape, image_size=8, patch_size=4, num_channels=3)
    config.save_pretrained(tmp_path)
    told = {"image_mean": MEAN, "image_std": DEVIATION, "size": {"height": 8, "width": 8}}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(told))
    domain = Domain("source", np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), dtype=np.uint8), None)
    encoder = fit_encoder(domain)
    spec = NetworkSpec(backbone=Transformers(path=str(tmp_path)), input_shape=encoder.shape, classes=2)
    network = build(spec, 0).eval()
    network.normaliser.fit(rows_of(encoder, domain).x)
    torch.testing.assert_close(network.normaliser.mean.reshape(-1), torch.tensor(MEAN))
    torch.testing.assert_close(network.normaliser.scale.reshape(-1), torch.tensor(DEVIATION))
    model = NetworkModel(network, encoder, ("no", "yes"))
    path = tmp_path / "m.onnx"
    model.export(path)
    scores = model.scores(domain.rows)
    with torch.inference_mode():
        by_hand = (torch.from_numpy(domain.rows).permute(0, 3, 1, 2) / 255 - torch.tensor(MEAN)[:, None, None]) / torch.tensor(
            DEVIATION
        )[:, None, None]
        expected = network.head(network.features(by_hand)).softmax(1)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    np.testing.assert_allclose(scores_onnx(path, domain.rows), scores, atol=1e-4)
    np.testing.assert_allclose(onnxruntime.InferenceSession(path).run(None, {"x": domain.rows})[0], scores, atol=1e-4)
    registry = connect(RegistryConfig(uri=f"sqlite:///{tmp_path / 'mlflow.db'}"), "served")
    logged = ModelRecord(
        path=path,
        proto=load_proto(path),
        inputs=input_schema(path),
        kind=row_kind(path),
        classes=("no", "yes"),
        serving=serving_source(),
    )
    done = record(registry, RunRecord("r", "", {}, {}, {}, [], [CandidateRecord("a", {}, {}, [], model=logged)], []))
    served = mlflow.pyfunc.load_model(registry.client.get_logged_model(done.models["a"]).artifact_location)
    np.testing.assert_allclose(served.predict(domain.rows), scores, atol=1e-4)


def test_rows_that_are_no_pixels_keep_their_own_statistics(tmp_path):
    transformers.ViTConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=8, patch_size=4).save_pretrained(
        tmp_path
    )
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"image_mean": MEAN, "image_std": DEVIATION}))
    network = build(NetworkSpec(backbone=Transformers(path=str(tmp_path)), input_shape=(3, 8, 8), classes=2), 0)
    network.normaliser.fit(torch.full((4, 3, 8, 8), 7.0))
    assert network.normaliser.mean.reshape(-1).tolist() == [7, 7, 7]
