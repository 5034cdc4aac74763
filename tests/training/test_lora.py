"""LoRA: only adapters and head learn, and what is folded in computes the same."""

from __future__ import annotations

import pytest
import torch

from ntgate.errors import ModelError
from ntgate.training import weights
from ntgate.training.config import Imported, Mlp, NetworkSpec, TrainingConfig, Transformers
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.supervised import Supervised
from tests.training.test_transformer import CONFIGS, SHAPES, accuracy, rows

pytest.importorskip("peft")
from ntgate.training.lora import merged, with_lora


@pytest.fixture(params=CONFIGS)
def case(request, tmp_path):
    CONFIGS[request.param]().save_pretrained(tmp_path)
    spec = NetworkSpec(backbone=Transformers(path=str(tmp_path)), input_shape=SHAPES[request.param], classes=2)
    return request.param, build(spec, 0)


def test_only_adapters_and_head_learn_and_the_merged_network_is_plain(case, tmp_path):
    kind, network = case
    before = {name: value.clone() for name, value in network.state_dict().items()}
    adapted = with_lora(network, 2, 4.0, seed=1)
    x = rows(kind, 20, 3).x
    with torch.inference_mode():
        assert torch.equal(adapted.eval()(x), network.eval()(x))  # the correction is zero at the start
    config = TrainingConfig(batch_size=32, learning_rate=1e-2, evaluations=2)
    fit(Supervised(adapted), {"labelled": rows(kind)}, rows(kind, 40, 1), metric=accuracy, config=config, steps=10, seed=0)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    moved, kept = 0, 0
    for name, value in adapted.state_dict().items():
        plain = name.replace(".base_layer", "")
        if plain in before and not name.startswith("head."):
            assert torch.equal(value, before[plain])
            kept += 1
        elif ".lora_B." in name:
            moved += int(value.abs().sum() > 0)
    assert kept == sum(not name.startswith("head.") for name in before)
    assert moved >= 12
    plain = merged(adapted).eval()
    assert list(plain.state_dict()) == list(before)
    with torch.inference_mode():
        expected = adapted.eval()(x)
        assert torch.allclose(plain(x), expected, atol=1e-5)
        assert not torch.allclose(network.eval()(x), expected, atol=1e-3)
        again = weights.load(network.spec, weights.save(plain, tmp_path / "w.safetensors"))
        assert torch.equal(again(x), plain(x))


def test_the_correction_is_the_product_of_the_adapters():
    network = build(NetworkSpec(backbone=Mlp(hidden=(8,)), input_shape=(6,), classes=2), 0)
    adapted = with_lora(network, 3, 6.0)
    layer = adapted.features[1]
    with torch.no_grad():
        layer.lora_B["adapter"].weight.normal_()
        by_hand = network.features[1].weight + 6 / 3 * layer.lora_B["adapter"].weight @ layer.lora_A["adapter"].weight
    assert torch.allclose(merged(adapted).features[1].weight, by_hand, atol=1e-6)


def test_features_without_linear_layers_are_refused():
    network = build(NetworkSpec(backbone=Imported(path="torch.nn:Flatten"), input_shape=(2, 3), classes=2), 0)
    with pytest.raises(ModelError, match="expected features with linear layers"):
        with_lora(network, 2, 4.0)
