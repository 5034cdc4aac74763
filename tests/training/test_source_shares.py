"""The mix of source and own weights: what it is, what it learns, and that nothing of it remains in the network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ntgate.training.config import Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.source_shares import SourceShares
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised

SPEC = NetworkSpec(backbone=Mlp(hidden=(12, 8), dropout=0.0), input_shape=(4,), classes=2)


def rows(seed: int, column: int = 0) -> Rows:
    x = torch.randn(200, 4, generator=torch.Generator().manual_seed(seed))
    return Rows(x, (x[:, column] + 0.5 * x[:, 1].abs() > 0.4).long())


def objective(start: float = 0.75, steps: int = 10) -> SourceShares:
    return SourceShares(build(SPEC, 0), build(SPEC, 1), start=start, rate=10.0, steps=steps)


def test_the_loss_is_that_of_the_network_with_interpolated_weights():
    source, own = build(SPEC, 0).state_dict(), build(SPEC, 1).state_dict()
    mixed = build(SPEC, 0)
    mixed.load_state_dict({n: 0.75 * v + 0.25 * own[n] if n.startswith("features.") else v for n, v in source.items()})
    batch = rows(0)
    made = objective()
    found = made({"labelled": batch}, 0.1)
    expected = float(nn.functional.cross_entropy(mixed(batch.x), batch.y).detach())
    assert float(found.detach()) == pytest.approx(expected, rel=1e-5)
    assert all(torch.allclose(v, mixed.state_dict()[n], atol=1e-6) for n, v in made.network.state_dict().items())


def test_the_gradient_of_a_share_is_its_finite_difference():
    made, batch = objective().double(), rows(0)
    batch = {"labelled": Rows(batch.x.double(), batch.y)}
    made(batch, 0.1).backward()
    for block in range(2):
        losses = []
        for sign in (1, -1):
            with torch.no_grad():
                made.logits[block] += sign * 1e-6
                losses.append(float(made(batch, 0.1)))
                made.logits[block] -= sign * 1e-6
        assert float(made.logits.grad[block]) == pytest.approx((losses[0] - losses[1]) / 2e-6, abs=1e-7)


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def test_shares_are_larger_where_the_source_is_of_use():
    """The source solves one task; the target asks for the same, or for one that rests on another column."""
    config = TrainingConfig(learning_rate=1e-2, weight_decay=0.1, evaluations=1)
    source = build(SPEC, 0)
    fit(Supervised(source), {"labelled": rows(0)}, rows(1), metric=accuracy, config=config, steps=300, seed=0)
    shares = []
    for column in (0, 2):
        network = build(SPEC, 0)
        network.load_state_dict(source.state_dict())
        made = SourceShares(network, build(SPEC, 5), start=0.9, rate=10.0, steps=300)
        target = rows(2, column)
        fit(made, {"labelled": target}, rows(3, column), metric=accuracy, config=config, steps=300, seed=0)
        held = rows(3, column)
        with torch.no_grad():
            assert accuracy(held.y, network(held.x)) > 0.85
        shares.append(made.shares(300))
        assert list(shares[-1]) == ["1", "4"]
    assert all(shares[0][name] > shares[1][name] for name in shares[0])
