"""Blocks: whatever the architecture, every parameter is in exactly one, from input to output."""

from __future__ import annotations

import pytest
from torch import nn

from ntgate.training.blocks import blocks
from ntgate.training.config import Cnn, Imported, Mlp, NetworkSpec
from ntgate.training.network import build


class Encoder(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.layer = nn.ModuleList(nn.TransformerEncoderLayer(8, 2, 16) for _ in range(depth))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.Embedding(10, 8)
        self.encoder = Encoder(3)
        self.norm = nn.LayerNorm(8)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.b.weight = self.a.weight


class WithToken(nn.Module):
    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(nn.Linear(1, 4).weight)
        self.body = nn.Linear(4, 4)


def features(backbone, shape):
    return build(NetworkSpec(backbone=backbone, input_shape=shape, classes=2), 0).features


MODULES = {
    "mlp": (features(Mlp(hidden=(8, 6, 4)), (3,)), ["1", "4", "7"]),
    "cnn": (features(Cnn(channels=(4, 6)), (3, 8, 8)), ["0", "3", "7"]),
    "imported": (features(Imported(path="torch.nn:Linear", arguments={"in_features": 3, "out_features": 2}), (3,)), ["all"]),
    "transformer": (Transformer(), ["embeddings", "encoder.layer.0", "encoder.layer.1", "encoder.layer.2"]),
    "wrapped": (nn.Sequential(Transformer()), [f"0.{name}" for name in ("embeddings", *(f"encoder.layer.{i}" for i in range(3)))]),
    "tied": (Tied(), ["all"]),
    "own parameters": (WithToken(), ["all"]),
    "nested": (nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), nn.Linear(3, 2)), ["0.0", "1"]),
    "none": (nn.Flatten(), []),
}


@pytest.mark.parametrize("name", MODULES)
def test_every_parameter_is_in_exactly_one_block_in_order(name):
    module, names = MODULES[name]
    found = blocks(module)
    assert [block for block, _ in found] == names
    inside = [id(parameter) for _, block in found for parameter in block.parameters()]
    assert inside == [id(parameter) for parameter in module.parameters()]


def test_splitting_changes_nothing():
    module, _ = MODULES["transformer"]
    before = list(module.state_dict())
    blocks(module)
    assert list(module.state_dict()) == before
