"""Compression against other ways of computing the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax

from ntgate.compression.magnitude import magnitude_masks
from ntgate.compression.pruning import gradual
from ntgate.compression.soft_targets import SoftTargets, distillation_loss
from ntgate.compression.units import narrower, without_units
from ntgate.training.config import Cnn, Mlp, NetworkSpec
from ntgate.training.network import build
from ntgate.training.streams import Rows

RNG = np.random.default_rng(0)
SPEC = NetworkSpec(backbone=Mlp(hidden=(16, 8)), input_shape=(5,), classes=3)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 8.0])
def test_the_distillation_loss_is_t_squared_times_the_divergence(temperature):
    student, teacher = RNG.normal(0, 3, (2, 40, 6))
    p = softmax(teacher / temperature, axis=1)
    expected = temperature**2 * np.mean(np.sum(p * (np.log(p) - log_softmax(student / temperature, axis=1)), axis=1))
    found = distillation_loss(torch.from_numpy(student), torch.from_numpy(teacher), temperature)
    assert float(found) == pytest.approx(expected, rel=1e-12)


def test_at_high_temperature_its_gradient_is_that_of_matched_logits():
    """Hinton et al. (2015), equation 4: with zero-mean logits the gradient tends to ``(z - v) / N``, whatever the temperature."""
    student, teacher = (part - part.mean(axis=1, keepdims=True) for part in RNG.normal(0, 1, (2, 1, 6)))
    z = torch.tensor(student, requires_grad=True)
    distillation_loss(z, torch.from_numpy(teacher), 1000.0).backward()
    assert z.grad.numpy() == pytest.approx((student - teacher) / 6, abs=1e-3)


def test_the_objective_weighs_labels_and_teacher():
    network = build(SPEC, 0).eval()
    x, more = torch.randn(2, 7, 5, generator=torch.Generator().manual_seed(0))
    y, row = torch.arange(7) % 3, torch.tensor([9, 0, 3, 3, 1, 2, 8])
    logits = torch.randn(10, 3, generator=torch.Generator().manual_seed(1))
    objective = SoftTargets(network, logits, temperature=3.0, label_weight=0.25, masks={})
    with torch.no_grad():
        loss = float(objective({"labelled": Rows(x, y), "scored": Rows(more, row)}, 0.5))
        of_labels, of_teacher = (network(part).double().numpy() for part in (x, more))
    cross_entropy = -np.mean(log_softmax(of_labels, axis=1)[np.arange(7), y.numpy()])
    p = softmax(logits.double().numpy()[row.numpy()] / 3, axis=1)
    divergence = 9 * np.mean(np.sum(p * (np.log(p) - log_softmax(of_teacher / 3, axis=1)), axis=1))
    assert loss == pytest.approx(0.25 * cross_entropy + 0.75 * divergence, rel=1e-5)


@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.77, 0.99])
def test_the_smallest_weights_of_all_layers_go(sparsity):
    network = build(SPEC, 3)
    weights = {name: p.detach().numpy() for name, p in network.named_parameters() if p.ndim >= 2}
    magnitudes = np.sort(np.concatenate([np.abs(value).ravel() for value in weights.values()]))
    gone = int(sparsity * len(magnitudes))
    masks = magnitude_masks(network, sparsity)
    assert masks.keys() == weights.keys()
    for name, value in weights.items():
        assert np.array_equal(masks[name].numpy() == 0, np.abs(value) < magnitudes[gone])


def test_equal_weights_make_no_difference_to_the_number_of_zeros():
    network = build(SPEC, 0)
    with torch.no_grad():
        for value in network.parameters():
            value.fill_(0.5)
    total = 5 * 16 + 16 * 8 + 8 * 3
    assert sum(int((mask == 0).sum()) for mask in magnitude_masks(network, 0.3).values()) == int(0.3 * total)


def test_a_masked_weight_has_no_gradient():
    network = build(SPEC, 0)
    masks = magnitude_masks(network, 0.5)
    objective = SoftTargets(network, torch.zeros(4, 3), temperature=2.0, label_weight=0.5, masks=masks)
    rows = Rows(torch.randn(4, 5, generator=torch.Generator().manual_seed(0)), torch.arange(4) % 3)
    objective({"labelled": rows, "scored": Rows(rows.x, torch.arange(4))}, 0.0).backward()
    for name, mask in masks.items():
        gradient = dict(network.named_parameters())[name].grad
        assert torch.equal(gradient[mask == 0], torch.zeros(int((mask == 0).sum())))
    assert sum(int((p.grad != 0).sum()) for p in network.parameters()) > 50


def test_the_schedule_is_that_of_zhu_and_gupta():
    final, rounds = 0.9, 5
    t = np.arange(1, rounds + 1)
    assert gradual(final, rounds) == pytest.approx(final + (0 - final) * (1 - t / rounds) ** 3)


def test_the_filters_with_the_smallest_sums_go():
    """Against a selection of filters by hand, for the first convolution, whose inputs are all kept."""
    network = build(NetworkSpec(backbone=Cnn(channels=(8, 6), width=10), input_shape=(3, 8, 8), classes=4), 2)
    smaller = without_units(network.spec, network, 0.5)
    first = next(module for module in network.features.modules() if isinstance(module, torch.nn.Conv2d))
    left = next(module for module in smaller.features.modules() if isinstance(module, torch.nn.Conv2d))
    sums = [float(np.abs(kernel).sum()) for kernel in first.weight.detach().numpy()]
    kept = sorted(sorted(range(8), key=lambda i: -sums[i])[:4])
    assert torch.equal(left.weight, first.weight[kept])
    assert smaller.spec.backbone == narrower(network.spec.backbone, 0.5)
    assert smaller(torch.zeros(2, 3, 8, 8)).shape == (2, 4)
