"""Transformers from a local folder: images and token ids, weights of the library, export with parity."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from ntgate.config_file import parse
from ntgate.data.encoder import ArrayEncoder
from ntgate.data.tokens import fit_tokens
from ntgate.errors import ModelError
from ntgate.export.onnx_export import export_onnx
from ntgate.export.parity import check_parity
from ntgate.training import weights
from ntgate.training.blocks import blocks
from ntgate.training.config import NetworkSpec, TrainingConfig, Transformers
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised

transformers = pytest.importorskip("transformers")

SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
CONFIGS = {
    "image": lambda: transformers.ViTConfig(**SIZES, image_size=8, patch_size=4, num_channels=3),
    "text": lambda: transformers.BertConfig(**SIZES, vocab_size=50, max_position_embeddings=12, pad_token_id=0),
    "distilled text": lambda: transformers.DistilBertConfig(
        dim=16, n_layers=2, n_heads=2, hidden_dim=24, vocab_size=50, max_position_embeddings=12, pad_token_id=0
    ),
}
SHAPES = {"image": (3, 8, 8), "text": (10,), "distilled text": (10,)}


def rows(kind: str, n: int = 96, seed: int = 0) -> Rows:
    """Bright images against dark ones; texts with a token 7 against texts without, padded to ten tokens."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    if kind == "image":
        x = (rng.random((n, 3, 8, 8)) / 2 + y[:, None, None, None] / 2).astype(np.float32)
    else:
        x = rng.integers(8, 50, (n, 10)).astype(np.float32)
        x[y == 1, 3] = 7
        x[np.arange(10) >= rng.integers(5, 11, (n, 1))] = 0
    return Rows(torch.from_numpy(x), torch.from_numpy(y))


@pytest.fixture(params=CONFIGS)
def case(request, tmp_path):
    """Kind, folder with a saved model, spec."""
    config = CONFIGS[request.param]()
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(tmp_path)
    backbone = Transformers(path=str(tmp_path), pooling="mean" if request.param == "distilled text" else "cls")
    return request.param, tmp_path, NetworkSpec(backbone=backbone, input_shape=SHAPES[request.param], classes=2)


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def test_it_learns_is_deterministic_and_exports_with_parity(case, tmp_path):
    kind, _, spec = case
    networks = []
    for _ in range(2):
        network = build(spec, 0)
        network.normaliser.fit(rows(kind).x)
        config = TrainingConfig(batch_size=32, learning_rate=5e-3, evaluations=4, patience=4)
        result = fit(
            Supervised(network), {"labelled": rows(kind)}, rows(kind, 40, 1), metric=accuracy, config=config, steps=80, seed=0
        )
        networks.append(network)
    assert result.best.validation > 0.85
    one, other = (network.state_dict() for network in networks)
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    x = rows(kind, 50, 2).x
    path = export_onnx(networks[0], ArrayEncoder(shape=SHAPES[kind]), tmp_path / "a.onnx", classes=["a", "b"])
    with torch.inference_mode():
        reference = networks[0](x).softmax(dim=1).numpy()
    assert check_parity(path, x.numpy(), reference) < 1e-5


def test_the_librarys_weights_load_and_score_as_there(case):
    kind, folder, spec = case
    network = build(spec, 3)
    loaded = weights.load_backbone(network, weights.read(folder / "model.safetensors"), "model.safetensors")
    assert (loaded.statistics, loaded.fresh) == (False, ())
    x = rows(kind, 6).x
    reference = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    with torch.inference_mode():
        if kind == "image":
            expected = reference(pixel_values=x).last_hidden_state[:, 0]
        else:
            mask = x != 0
            expected = reference(input_ids=x.long(), attention_mask=mask.long()).last_hidden_state
            if kind == "text":
                expected = expected[:, 0]
            else:
                expected = torch.stack([row[keep].mean(0) for row, keep in zip(expected, mask, strict=True)])
        assert torch.allclose(network.eval().features(x), expected, atol=1e-5)


def test_a_model_with_a_head_gives_its_body(tmp_path):
    config = CONFIGS["text"]()
    torch.manual_seed(1)
    whole = transformers.BertForSequenceClassification(config)
    whole.save_pretrained(tmp_path)
    network = build(NetworkSpec(backbone=Transformers(path=str(tmp_path)), input_shape=(10,), classes=2), 0)
    weights.load_backbone(network, weights.read(tmp_path / "model.safetensors"), "model.safetensors")
    assert torch.equal(network.features.model.encoder.layer[1].output.dense.weight, whole.bert.encoder.layer[1].output.dense.weight)


def test_weights_of_another_size_are_told(tmp_path):
    transformers.BertModel(CONFIGS["text"]()).save_pretrained(tmp_path / "small")
    transformers.BertConfig(**SIZES | {"hidden_size": 32}, vocab_size=50).save_pretrained(tmp_path / "large")
    network = build(NetworkSpec(backbone=Transformers(path=str(tmp_path / "large")), input_shape=(10,), classes=2), 0)
    with pytest.raises(ModelError, match=r"other shapes for model\.embeddings"):
        weights.load_backbone(network, weights.read(tmp_path / "small" / "model.safetensors"), "model.safetensors")


def test_what_stands_behind_the_padding_does_not_count(tmp_path):
    CONFIGS["text"]().save_pretrained(tmp_path)
    network = build(NetworkSpec(backbone=Transformers(path=str(tmp_path), pooling="mean"), input_shape=(10,), classes=2), 0)
    short = rows("text", 8).x[:, :5]
    padded = torch.cat([short, torch.zeros(8, 5)], dim=1)
    with torch.inference_mode():
        assert torch.allclose(network.eval()(short), network(padded), atol=1e-6)
        assert torch.isfinite(network(torch.zeros(2, 10))).all()


def test_token_ids_are_not_normalised(tmp_path):
    CONFIGS["text"]().save_pretrained(tmp_path)
    network = build(NetworkSpec(backbone=Transformers(path=str(tmp_path)), input_shape=(10,), classes=2), 0)
    network.normaliser.fit(rows("text").x)
    assert torch.equal(network.normaliser(rows("text").x), rows("text").x)


def test_layers_are_blocks(case):
    _, _, spec = case
    features = build(spec, 0).features
    found = blocks(features)
    assert len(found) == 3  # embeddings and two layers, the last with the norm behind it
    inside = [id(parameter) for _, block in found for parameter in block.parameters()]
    assert sorted(inside) == sorted(id(parameter) for parameter in features.parameters())


def test_folders_that_hold_no_such_model_are_told(tmp_path):
    def spec(folder):
        return NetworkSpec(backbone=Transformers(path=str(folder)), input_shape=(10,), classes=2)

    with pytest.raises(ModelError, match=r"expected a folder with a config\.json"):
        build(spec(tmp_path / "nowhere"), 0)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "of one's own", "auto_map": {"AutoModel": "evil.Evil"}}))
    (tmp_path / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(ModelError, match="the configuration of a transformers model"):
        build(spec(tmp_path), 0)
    CONFIGS["image"]().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="a module that takes rows of shape"):
        build(spec(tmp_path), 0)


def test_a_relative_folder_is_that_beside_the_config(tmp_path):
    """A scheduled run starts in another folder than one by hand, and means the same."""
    content = {
        "model": {"name": "t", "backbone": {"kind": "transformers", "path": "bert"}},
        "data": {"source": {"path": "a.npz"}, "target": {"path": "b.npz"}},
        "registry": {"uri": "sqlite:///mlflow.db"},
    }
    assert parse(content, base=tmp_path).model.backbone.path == str(tmp_path / "bert")


def sharded(folder):
    """A saved model in several files, and its weights."""
    torch.manual_seed(2)
    model = transformers.BertModel(CONFIGS["text"]())
    model.save_pretrained(folder, max_shard_size="8KB")
    index = folder / "model.safetensors.index.json"
    assert len(list(folder.glob("*.safetensors"))) > 1
    return index, model


def test_weights_in_several_files_are_those_of_the_library(tmp_path):
    index, model = sharded(tmp_path)
    network = build(NetworkSpec(backbone=Transformers(path=str(tmp_path)), input_shape=(10,), classes=2), 0)
    weights.load_backbone(network, weights.read(index), index.name)
    saved = model.state_dict()
    assert all(torch.equal(value, saved[name]) for name, value in network.features.model.state_dict().items())


@pytest.mark.parametrize("said", ["", "[" * 100_000, "[1]", "null", '{"model_type": "bert", "pad_token_id": "a"}'])
def test_what_a_folder_says_of_texts_may_be_anything(tmp_path, said):
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "config.json").write_text(said)
    with pytest.raises(ModelError, match="the configuration of a transformers model"):
        fit_tokens(tmp_path, "text")


@pytest.mark.parametrize("said", ["", "[1]", "\\0", '{"model": {"type": "Evil"}}', b"\xff"])
def test_a_tokenizer_that_is_none_is_told(tmp_path, said):
    (tmp_path / "tokenizer.json").write_bytes(said if isinstance(said, bytes) else said.encode())
    (tmp_path / "config.json").write_text("{}")
    encoder = fit_tokens(tmp_path, "text")
    with pytest.raises(ModelError, match="a tokenizer that takes every text, as save_pretrained writes it") as caught:
        encoder.encode(pd.DataFrame({"text": ["a"]}))
    assert "\n" not in str(caught.value)


def test_layers_without_end_and_odd_pooling_are_refused(tmp_path):
    def spec():
        return NetworkSpec(backbone=Transformers(path=str(tmp_path)), input_shape=(10,), classes=2)

    transformers.BertConfig(**SIZES | {"num_hidden_layers": 10**9}, vocab_size=50).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="num_hidden_layers of more than 1,000"):
        build(spec(), 0)
    CONFIGS["text"]().save_pretrained(tmp_path)
    (tmp_path / "1_Pooling").mkdir()
    for said in ("[1]", "null", "3"):
        (tmp_path / "1_Pooling" / "config.json").write_text(said)
        with pytest.raises(ModelError, match="the mean or the first token alone"):
            build(spec(), 0)


@pytest.mark.parametrize("name", ["../other.safetensors", "/tmp/other.safetensors", "pytorch_model.bin", 3])
def test_an_index_cannot_lead_elsewhere_or_to_a_pickle(tmp_path, name):
    index, _ = sharded(tmp_path)
    content = json.loads(index.read_text())
    content["weight_map"][next(iter(content["weight_map"]))] = name
    index.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"an index of safetensors files beside it.*save the model again"):
        weights.read(index)


def test_an_index_that_does_not_fit_its_files_is_told(tmp_path):
    index, _ = sharded(tmp_path)
    whole = index.read_text()
    content = json.loads(whole)
    content["weight_map"]["more.weight"] = next(iter(content["weight_map"].values()))
    index.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"a difference in more\.weight"):
        weights.read(index)
    index.write_text(whole)
    next(tmp_path.glob("*.safetensors")).unlink()
    with pytest.raises(ModelError, match="no such file"):
        weights.read(index)
    index.write_text("[]")
    with pytest.raises(ModelError, match="a file of another kind"):
        weights.read(index)
