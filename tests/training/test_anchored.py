"""The penalties of fine-tuning, against numpy and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ntgate.training.anchored import Anchored, smallest_singular_values
from ntgate.training.config import Mlp, NetworkSpec
from ntgate.training.network import build
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised
from tests.training.differences import numeric_gradient

SPEC = NetworkSpec(backbone=Mlp(hidden=(6, 5), dropout=0.0), input_shape=(4,), classes=3)


def batch(n: int = 12) -> dict[str, Rows]:
    generator = torch.Generator().manual_seed(0)
    return {"labelled": Rows(torch.randn(n, 4, generator=generator), torch.arange(n) % 3)}


def brute(features: np.ndarray, count: int) -> float:
    return float((np.sort(np.linalg.svd(features, compute_uv=False))[:count] ** 2).sum())


@pytest.mark.parametrize("shape", [(7, 4), (4, 7), (5, 5)])
def test_shrinkage_is_the_sum_of_the_smallest_squared_singular_values(shape):
    features = np.random.default_rng(1).normal(size=shape)
    found = torch.from_numpy(features).requires_grad_()
    smallest_singular_values(found, 2).backward()
    assert float(smallest_singular_values(found.detach(), 2)) == pytest.approx(brute(features, 2), rel=1e-10)
    assert found.grad.numpy() == pytest.approx(numeric_gradient(lambda x: brute(x, 2), features), abs=1e-7)


def test_shrinkage_is_stable_where_singular_values_are_equal_or_zero():
    """The backward pass of a singular value decomposition divides by differences of singular values."""
    dead = torch.zeros(8, 5)
    dead[:, 0] = torch.arange(8.0)
    for features in (torch.eye(6), dead, torch.zeros(8, 5)):
        rows = features.clone().requires_grad_()
        smallest_singular_values(rows, 3).backward()
        assert torch.isfinite(rows.grad).all()


def test_more_directions_than_there_are_is_the_whole_norm():
    features = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    assert float(smallest_singular_values(features, 99)) == pytest.approx(float(features.square().sum()), rel=1e-5)


def test_without_options_it_is_plain_fine_tuning():
    network = build(SPEC, 0)
    groups = [(list(network.features.parameters()), 0.3), (list(network.head.parameters()), 1.0)]
    plain, anchored = Supervised(network, 0.3), Anchored(network, groups)
    assert torch.equal(plain(batch(), 0.5), anchored(batch(), 0.5))
    assert plain.parameter_groups(0.01) == anchored.parameter_groups(0.01)


def test_the_anchor_is_half_the_squared_distance_to_the_start():
    network = build(SPEC, 0)
    groups = [(list(network.features.parameters()), 1.0), (list(network.head.parameters()), 1.0)]
    objective = Anchored(network, groups, anchor=0.1, head_decay=0.01)
    head = sum(float(p.double().square().sum()) for p in network.head.parameters())
    with torch.no_grad():
        for parameter in network.features.parameters():
            parameter.add_(0.5)
    count = sum(parameter.numel() for parameter in network.features.parameters())
    rows = batch()["labelled"]
    expected = float(nn.functional.cross_entropy(network(rows.x), rows.y)) + 0.1 * count * 0.125 + 0.01 * head / 2
    assert float(objective(batch(), 0.5)) == pytest.approx(expected, rel=1e-5)
    assert all(group["weight_decay"] == 0 for group in objective.parameter_groups(0.01))
