"""The adversary: its map and loss against numpy, its gradient against finite differences, and that it hides the domain."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from ntgate.shift import proxy_a_distance
from ntgate.training.adaptation import Adaptation, Seen, mean_entropy, ramp
from ntgate.training.adversarial import Adversary, Multilinear, entropy_weights, reverse_gradient
from ntgate.training.config import Mlp, NetworkSpec, TrainingConfig
from ntgate.training.loop import fit
from ntgate.training.network import build
from ntgate.training.streams import Rows
from tests.training.differences import numeric_gradient

SPEC = NetworkSpec(backbone=Mlp(hidden=(16,), dropout=0.0), input_shape=(4,), classes=2)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_reversed_gradient_is_the_gradient_of_minus_the_loss():
    x = torch.tensor([0.3, -0.7], dtype=torch.float64, requires_grad=True)
    (reverse_gradient(x, 0.5) ** 3).sum().backward()
    assert torch.allclose(x.grad, -0.5 * 3 * x.detach() ** 2)


def test_the_multilinear_map_is_the_outer_product():
    features, probabilities = draw(5, 4), draw(5, 3, seed=1).softmax(dim=1)
    expected = np.stack([np.outer(f, p).ravel() for f, p in zip(features.numpy(), probabilities.numpy(), strict=True)])
    assert Multilinear(4, 3, seed=0)(features, probabilities).numpy() == pytest.approx(3**0.5 * expected)


def test_the_randomised_map_keeps_inner_products():
    """Long et al. 2018, theorem 1: they are unbiased; here the mean over 30 draws is within four standard errors."""
    features, probabilities = draw(2, 600).float(), draw(2, 10, seed=1).softmax(dim=1).float()
    exact = float((features[0] @ features[1]) * (probabilities[0] @ probabilities[1]))
    found = []
    for seed in range(30):
        randomised = Multilinear(600, 10, seed)
        assert randomised.randomised
        one, other = randomised(features, probabilities)
        found.append(float(one @ other) * 600 / randomised.width)
    assert abs(np.mean(found) - exact) < 4 * np.std(found, ddof=1) / 30**0.5


def adversary_loss(adversary: Adversary, features: np.ndarray, logits: np.ndarray, n: int, ratios=None) -> float:
    """DANN's, CDAN+E's and IWDAN's loss in numpy; ``ratios`` are the weights of the source rows."""
    centred = features - features.mean(axis=1, keepdims=True)
    seen = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    predicted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    weights = np.ones(len(features))
    if adversary.map is not None:
        seen = np.sqrt(logits.shape[1]) * np.einsum("ni,nj->nij", seen, predicted).reshape(len(seen), -1)
        weights = 1 + np.exp((predicted * np.log(predicted)).sum(axis=1))
        weights = np.concatenate([weights[:n] / weights[:n].mean(), weights[n:] / weights[n:].mean()])
    if ratios is not None:
        weights[:n] *= ratios
    for layer in adversary.discriminator:
        if isinstance(layer, nn.Linear):
            seen = seen @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
        else:
            seen = np.maximum(seen, 0)
    chance = 1 / (1 + np.exp(-seen[:, 0]))
    truth = np.where(np.arange(len(features)) < n, 0.1, 0.9)
    return float((weights * -(truth * np.log(chance) + (1 - truth) * np.log(1 - chance))).mean())


@pytest.mark.parametrize("conditional", [False, True])
def test_the_loss_and_the_gradient_that_reaches_the_features(conditional):
    adversary = Adversary(width=4, classes=3, hidden=5, seed=0, conditional=conditional, entropy_weights=conditional).double()
    features, logits = draw(7, 4).requires_grad_(), draw(7, 3, seed=1).requires_grad_()
    source, target = (Seen(part, part, of) for part, of in zip(features.split([4, 3]), logits.split([4, 3]), strict=True))
    found = adversary(source, target, 0.3)
    found.backward()
    x, z = features.detach().numpy(), logits.detach().numpy()
    assert float(found.detach()) == pytest.approx(adversary_loss(adversary, x, z, 4), rel=1e-6)
    expected = -0.3 * numeric_gradient(lambda moved: adversary_loss(adversary, moved, z, 4), x)
    assert features.grad.numpy() == pytest.approx(expected, abs=1e-6)
    assert logits.grad is None  # the predictions are a condition, not a way to fool the adversary


def test_class_weights_are_those_of_the_labels_and_change_no_target_row():
    adversary = Adversary(width=4, classes=3, hidden=5, seed=0, class_weights=True, layers=2).double()
    features, logits = draw(7, 4), draw(7, 3, seed=1)
    labels = torch.tensor([2, 0, 2, 1])
    before = copy.deepcopy(adversary.ratios)
    source = Seen(features[:4], features[:4], logits[:4], labels)
    target = Seen(features[4:], features[4:], logits[4:])
    found = float(adversary(source, target, 0.3).detach())
    predicted = logits.float().softmax(dim=1)
    ratios = before(predicted[:4], labels, predicted[4:])
    expected = adversary_loss(adversary, features.numpy(), logits.numpy(), 4, ratios[labels].numpy())
    assert found == pytest.approx(expected, rel=1e-6)
    assert sum(isinstance(layer, nn.Linear) for layer in adversary.discriminator) == 3


@pytest.mark.parametrize("short", [False, True])
def test_the_discriminator_forgets_fast_and_the_network_where_it_is_told_to(short):
    network = build(SPEC, 0)
    adversary = Adversary(width=16, classes=2, hidden=5, seed=0, short_memory=short, rate=3.0)
    optimiser = torch.optim.AdamW(Adaptation(network, adversary, 1.0).parameter_groups(0.1))
    assert [group["betas"] for group in optimiser.param_groups] == [(0.5 if short else 0.9, 0.999), (0.5, 0.999)]
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([0.1, 0.3])


def test_class_weights_need_source_labels():
    adversary = Adversary(width=4, classes=3, hidden=5, seed=0, class_weights=True)
    seen = Seen(torch.ones(2, 4), torch.ones(2, 4), torch.ones(2, 3))
    with pytest.raises(ValueError, match="class weights need source labels"):
        adversary(seen, seen, 1.0)


def test_entropy_weights_lie_between_one_and_two_before_they_are_scaled():
    sure, unsure = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.5, 0.5]])
    both = entropy_weights(torch.cat([sure, unsure, sure]), 2)
    assert float(both[0] / both[1]) == pytest.approx(2 / 1.5)
    assert float(both[2]) == 1


def test_the_entropy_of_sure_predictions_has_a_finite_gradient():
    logits = torch.tensor([[1000.0, 0.0, 0.0]], requires_grad=True)
    mean_entropy(logits).backward()
    assert torch.isfinite(logits.grad).all()


def moved_domains(seed: int) -> tuple[Rows, Rows]:
    """Two domains whose third column differs by two standard deviations; the first tells the class."""
    x = torch.randn(400, 4, generator=torch.Generator().manual_seed(seed))
    y = (x[:, 0] > 0).long()
    return Rows(x[:200], y[:200]), Rows(x[200:] + torch.tensor([0.0, 0.0, 2.0, 0.0]), y[200:])


def adapted(strength: float, seed: int):
    """A network adapted for 800 steps without target labels, with its adversary."""
    source, target = moved_domains(seed)
    network = build(SPEC, seed)
    adversary = Adversary(width=16, classes=2, hidden=32, seed=seed, rate=3.0)
    config = TrainingConfig(evaluations=1, learning_rate=1e-2)
    fit(
        Adaptation(network, adversary, strength),
        {"source": source, "target": Rows(target.x)},
        target,
        metric=lambda *_: 0.0,
        config=config,
        steps=800,
        seed=seed,
    )
    return network, adversary


def test_the_adversary_hides_the_domain():
    """What a new classifier can tell of the domain falls by three tenths and more, and the classes stay."""

    def gap(network, seed):
        source, target = moved_domains(seed)
        with torch.no_grad():
            seen = [nn.functional.layer_norm(network.embed(part.x), (16,)).numpy() for part in (source, target)]
        return proxy_a_distance(*seen).distance

    free = [gap(adapted(1e-6, seed)[0], seed) for seed in (0, 1)]
    networks = [adapted(1.0, seed)[0] for seed in (0, 1)]
    hidden = [gap(network, seed) for seed, network in enumerate(networks)]
    assert sum(hidden) < 0.7 * sum(free)
    for seed, network in enumerate(networks):
        target = moved_domains(seed)[1]
        with torch.no_grad():
            assert float((network(target.x).argmax(dim=1) == target.y).float().mean()) > 0.85


def test_the_discriminator_neither_saturates_nor_collapses():
    """At the end it is near chance, and its loss is that of one that knows nothing: ln 2, not 0 and not beyond."""
    network, adversary = adapted(1.0, 0)
    source, target = moved_domains(0)
    with torch.no_grad():
        parts = [Seen(part.x, network.embed(part.x), network(part.x)) for part in (source, target)]
        loss = float(adversary(*parts, 1.0))
    assert 0.6 < loss < 0.8


def test_the_pull_grows_with_the_progress():
    assert [ramp(p) for p in (0.0, 1.0)] == pytest.approx([0, 1], abs=1e-4)
    assert ramp(0.3) > ramp(0.2)
