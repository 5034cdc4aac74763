"""The objectives that share a trunk: what their loss is made of, and the published task on real digits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ntgate.errors import ModelError
from ntgate.training.adaptation import Adaptation, Pull, Seen, mean_entropy, ramp
from ntgate.training.adversarial import Adversary
from ntgate.training.config import Cnn, Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.reconstruction import Reconstruction
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised
from ntgate.training.two_heads import TwoHeads

SPEC = NetworkSpec(backbone=Mlp(hidden=(6,), dropout=0.0), input_shape=(4,), classes=3)


class Constant(Pull):
    """A pull that shows what it was given."""

    def forward(self, source: Seen, target: Seen, weight: float) -> torch.Tensor:
        self.given = source, target
        return weight * source.features.new_ones(())


def batch(n: int, seed: int, classes: int = 3) -> Rows:
    return Rows(torch.randn(n, 4, generator=torch.Generator().manual_seed(seed)), torch.arange(n) % classes)


def cross_entropy(network, rows: Rows) -> float:
    return float(nn.functional.cross_entropy(network(rows.x), rows.y).detach())


def test_the_loss_is_classification_plus_pull_plus_entropy():
    network, source, labelled, target = build(SPEC, 0), batch(6, 0), batch(4, 1), batch(8, 2)
    objective = Adaptation(network, Constant(), 0.5, entropy=0.2)
    found = objective({"source": source, "labelled": labelled, "target": Rows(target.x)}, 0.2)
    unsure = float(mean_entropy(network(target.x)).detach())
    expected = cross_entropy(network, source) + cross_entropy(network, labelled) + ramp(0.2) * (0.5 + 0.2 * unsure)
    assert float(found.detach()) == pytest.approx(expected, rel=1e-5)
    assert torch.equal(objective.pull.given[1].rows, target.x)


def test_target_labels_are_not_needed_and_stand_for_the_target_when_they_are_all_there_is():
    network, source, target = build(SPEC, 0), batch(6, 0), batch(8, 2)
    objective = Adaptation(network, Constant(), 0.5)
    without = objective({"source": source, "target": Rows(target.x)}, 1.0)
    assert float(without.detach()) == pytest.approx(cross_entropy(network, source) + 0.5 * ramp(1.0), rel=1e-5)
    objective({"source": source, "labelled": target}, 1.0)
    assert torch.equal(objective.pull.given[1].rows, target.x)


def test_reconstruction_is_the_mean_squared_error_of_the_normalised_target():
    network, target = build(SPEC, 0), batch(8, 2)
    network.normaliser.fit(5 + 3 * target.x)
    pull = Reconstruction(network, hidden=7, seed=0)
    features = network.embed(target.x).detach()
    first, _, last = (part for part in pull.decoder)
    w1, b1, w2, b2 = (p.detach().numpy() for p in (first.weight, first.bias, last.weight, last.bias))
    rebuilt = np.maximum(features.numpy() @ w1.T + b1, 0) @ w2.T + b2
    expected = ((rebuilt - network.normaliser(target.x).numpy()) ** 2).mean()
    seen = Seen(target.x, features, network.head(features))
    assert float(pull(seen, seen, 0.25).detach()) == pytest.approx(0.25 * expected, rel=1e-5)


def test_the_encoder_sees_masked_rows_and_the_decoder_rebuilds_whole_ones():
    network = build(SPEC, 0)
    target = Rows(torch.randn(500, 4, generator=torch.Generator().manual_seed(2)))
    network.normaliser.fit(5 + 3 * target.x)
    pull = Reconstruction(network, hidden=7, seed=0, noise=0.3)
    given = []
    network.features.register_forward_pre_hook(lambda _, arguments: given.append(arguments[0]))
    clean = network.normaliser(target.x)
    seen = Seen(target.x, network.embed(target.x).detach(), None)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        found = [float(pull(seen, seen, 0.25).detach()) for _ in range(2)]
    masked = [rows == 0 for rows in given[1:]]
    # 2,000 inputs: five standard errors of a share are 0.05; masked inputs are at the mean, the others as they were.
    assert all(float(where.float().mean()) == pytest.approx(0.3, abs=0.05) for where in masked)
    assert not torch.equal(*masked)
    for rows, where, loss in zip(given[1:], masked, found, strict=True):
        assert torch.equal(rows[~where], clean[~where])
        rebuilt = pull.decoder(network.features(rows)).detach().numpy()
        assert loss == pytest.approx(0.25 * ((rebuilt - clean.numpy()) ** 2).mean(), rel=1e-5)


def test_the_noise_teaches_the_encoder_and_makes_it_no_part_of_the_decoder():
    network, rows = build(SPEC, 0), batch(8, 2)
    pull = Reconstruction(network, hidden=7, seed=0, noise=0.5)
    pull(None, Seen(rows.x, None, None), 1.0).backward()
    assert all(parameter.grad is not None for parameter in network.features.parameters())
    assert {id(p) for p in pull.parameters()}.isdisjoint({id(p) for p in network.parameters()})


def test_token_ids_are_not_rebuilt():
    network = build(SPEC, 0)
    network.features.reads_tokens = True  # as the features of a text model say
    with pytest.raises(ModelError, match="rows of numbers or pixels to rebuild, got token ids"):
        Reconstruction(network, hidden=7, seed=0)


def test_the_loss_of_two_heads_is_the_weighted_sum_in_both_label_spaces():
    network, source_head = build(SPEC, 0), nn.Linear(6, 5)
    source, labelled = batch(10, 0, classes=5), batch(6, 1)
    found = TwoHeads(network, source_head, 0.25)({"source": source, "labelled": labelled}, 0.5)
    on_source = float(nn.functional.cross_entropy(source_head(network.embed(source.x)), source.y).detach())
    assert float(found.detach()) == pytest.approx(cross_entropy(network, labelled) + 0.25 * on_source, rel=1e-5)


@pytest.mark.slow
def test_digits_are_adapted_without_target_labels(shared_data):
    """MNIST to USPS with a fixed budget: 10 points over source only; ``benchmarks/unsupervised_digits.py`` has the means."""

    def rows(name):
        with np.load(shared_data / "digits" / f"{name}.npz") as content:
            return Rows(torch.from_numpy(content["x"]).reshape(-1, 16, 16), torch.from_numpy(content["y"]))

    source, target = rows("mnist"), rows("usps")

    def accuracy(adapt):
        network = build(NetworkSpec(backbone=Cnn(), input_shape=(16, 16), classes=10), 0)
        network.normaliser.fit(source.x)
        objective, streams = Supervised(network), {"labelled": source}
        if adapt:
            adversary = Adversary(width=128, classes=10, hidden=128, seed=0, conditional=True, entropy_weights=True)
            objective, streams = Adaptation(network, adversary, 1.0), {"source": source, "target": Rows(target.x)}
        config = TrainingConfig(evaluations=1, device="cpu")
        fit(objective, streams, source.take(torch.arange(100)), metric=lambda *_: 0.0, config=config, steps=800, seed=0)
        with torch.no_grad():
            return float((network(target.x).argmax(dim=1) == target.y).float().mean())

    assert accuracy(adapt=True) > accuracy(adapt=False) + 0.1
