"""LoRA as a way of fine-tuning: it keeps what every strategy keeps, and an ordinary network remains."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ntgate.data.domain import Domain, TrainingView
from ntgate.export.onnx_export import export_onnx
from ntgate.export.parity import check_parity
from ntgate.strategies.base import Arm, Facts
from ntgate.strategies.candidate import train
from ntgate.strategies.feature_extraction import PENALTIES, FeatureExtraction
from ntgate.strategies.fine_tuning import FineTuning
from ntgate.strategies.transfer import initial_network
from ntgate.training.config import Cnn, Mlp, TrainingConfig, Transformers
from ntgate.training.lora import with_lora
from ntgate.training.source import pretrain, rows_of

transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")

CONFIG = TrainingConfig(steps=60, source_steps=60, batch_size=32, learning_rate=1e-2, evaluations=6, patience=6, device="cpu")
LORA = FineTuning(lora_rank=2, probe_first=True)


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def texts(name: str, n: int, seed: int, shift: int) -> Domain:
    """Texts of ten tokens, some of them padding; the tokens of a class are 20 of 40, from ``10 + shift`` or ``30 + shift`` on."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = (10 + (20 * y[:, None] + shift + rng.integers(0, 20, (n, 10))) % 40).astype(np.float32)
    x[np.arange(10) >= rng.integers(5, 11, (n, 1))] = 0
    return Domain(name, x, y, ("no", "yes"))


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    """Half of each class's tokens have changed sides from source to target; the backbone is a BERT of two layers."""
    folder = tmp_path_factory.mktemp("bert")
    transformers.BertConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        vocab_size=50,
        max_position_embeddings=12,
        pad_token_id=0,
    ).save_pretrained(folder)
    backbone = Transformers(path=str(folder), pooling="mean")
    view = TrainingView(texts("source", 120, 0, 0), texts("train", 80, 1, 10), texts("validation", 60, 2, 10), None)
    source = pretrain(view.source, [view.train], backbone, CONFIG, accuracy, 0, folder / "source.safetensors")
    return Arm(view, source, backbone, CONFIG, accuracy, seed=0)


@pytest.fixture(scope="module")
def candidate(arm, tmp_path_factory):
    return train(LORA, arm, tmp_path_factory.mktemp("lora"))


def test_it_learns_what_a_probe_cannot(arm, candidate, tmp_path):
    assert candidate.failed is None
    assert candidate.parameters["lora_rank"] == 2
    test = texts("test", 200, 9, 10)
    with torch.inference_mode():
        score = accuracy(torch.from_numpy(test.y), torch.from_numpy(candidate.load().scores(test.rows)))
    assert score > 0.85
    assert score > train(FeatureExtraction(), arm, tmp_path).validation


def test_it_is_deterministic(arm, candidate, tmp_path):
    again = train(LORA, arm, tmp_path)
    assert again.model.weights.sha256 == candidate.model.weights.sha256
    assert again.curve == candidate.curve


def test_it_resumes_to_the_same_weights(arm, candidate, tmp_path):
    seen, probed = [], len(PENALTIES)

    def dies(labels, scores):
        seen.append(1)
        if len(seen) == probed + 3:
            raise KeyboardInterrupt
        return accuracy(labels, scores)

    kept = dataclasses.replace(arm, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(KeyboardInterrupt):
        train(LORA, dataclasses.replace(kept, metric=dies), tmp_path)
    calls, whole = [], []
    counted = dataclasses.replace(kept, metric=lambda *given: calls.append(1) or accuracy(*given))
    resumed = train(LORA, counted, tmp_path)
    train(LORA, dataclasses.replace(arm, metric=lambda *given: whole.append(1) or accuracy(*given)), tmp_path / "whole")
    assert len(calls) == len(whole) - 2  # the first two evaluations of the first fold were not repeated
    assert resumed.model.weights.sha256 == candidate.model.weights.sha256
    assert resumed.curve == candidate.curve


def test_an_ordinary_network_exports_with_parity(arm, candidate, tmp_path):
    network = candidate.load().network
    assert network.state_dict().keys() == arm.pretrained.load().state_dict().keys()
    test = texts("test", 100, 9, 10)
    path = export_onnx(network, candidate.model.encoder, tmp_path / "a.onnx", classes=candidate.classes)
    with torch.inference_mode():
        reference = network(rows_of(candidate.model.encoder, test).x).softmax(dim=1).numpy()
    assert check_parity(path, test.rows, reference) < 1e-5


def test_every_change_of_a_layer_has_the_rank_and_all_else_stays(arm, candidate):
    before, after = arm.pretrained.load().features, candidate.load().network.features
    linear = {f"{name}.weight" for name, module in before.named_modules() if isinstance(module, torch.nn.Linear)}
    changed = set()
    for name, value in after.state_dict().items():
        difference = value - before.state_dict()[name]
        if difference.any():
            changed.add(name)
            values = torch.linalg.svdvals(difference)
            assert values[2] < 1e-4 * values[0]
    assert changed == linear


def test_only_what_learns_is_in_the_groups(arm):
    network = with_lora(initial_network(arm), 2, 8.0)
    groups = FineTuning(lora_rank=2, layer_decay=0.5)._groups(network, 0.4)
    assert [rate for _, rate in groups] == pytest.approx([0.1, 0.2, 0.4, 1.0])  # embeddings, two layers, head
    assert not groups[0][0]
    learning = [id(p) for p in network.parameters() if p.requires_grad]
    assert sorted(id(p) for parameters, _ in groups for p in parameters) == sorted(learning)
    assert 0 < sum(p.numel() for p in network.features.parameters() if p.requires_grad) < 3000


def test_it_goes_with_the_options_that_have_a_meaning(arm, tmp_path):
    options = {"lora_rank": 2, "probe_first": True, "layer_decay": 0.5, "bss": 1e-3}
    assert train(FineTuning(**options), arm, tmp_path).failed is None
    with pytest.raises(ValidationError, match="l2_sp or lora_rank, not both"):
        FineTuning(lora_rank=2, l2_sp=0.1)


@pytest.mark.parametrize("backbone", [Mlp(hidden=(8,)), Cnn(channels=(4,), width=8)], ids=["mlp", "cnn"])
def test_another_backbone_than_a_transformer_fails_with_a_reason(backbone, tmp_path):
    def images(name, n, seed):
        y = np.arange(n) % 2
        x = np.random.default_rng(seed).random((n, 8, 8)) + y[:, None, None]
        return Domain(name, x.astype(np.float32), y, ("a", "b"))

    view = TrainingView(images("source", 60, 0), images("train", 20, 1), images("validation", 20, 2), None)
    source = pretrain(view.source, [], backbone, CONFIG, accuracy, 0, tmp_path / "source.safetensors")
    candidate = train(LORA, Arm(view, source, backbone, CONFIG, accuracy, seed=0), tmp_path)
    assert candidate.failed == (
        f"fine_tuning.lora_rank: expected a backbone of kind transformers, got {backbone.kind}; "
        "set lora_rank to 0, or choose a transformer as model.backbone."
    )


def test_without_peft_it_is_left_out_with_the_reason(arm, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    facts = Facts.of(arm.view)
    assert LORA.unsuitable(facts) == 'LoRA needs the package peft: pip install "ntgate[transformers]"'
    assert FineTuning().unsuitable(facts) is None
