"""The shares of classes in an unlabelled domain: one step in numpy, and the limit against the linear system it solves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ntgate.training.class_ratios import LARGEST, MEMORY, ClassRatios


def predictions(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a classifier that is often wrong says: a Dirichlet row about the confusion of the row's class."""
    confusion = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.2, 0.1, 0.7]])
    return np.stack([rng.dirichlet(8 * confusion[label]) for label in labels]).astype(np.float32)


def test_a_step_is_one_of_expectation_maximisation():
    rng = np.random.default_rng(0)
    labels = np.array([0, 0, 1, 2])
    source, target = predictions(labels, rng), predictions(np.array([0, 1, 1]), rng)
    found = ClassRatios(3)(torch.from_numpy(source), torch.from_numpy(labels), torch.from_numpy(target)).numpy()
    joint = MEMORY * np.eye(3) / 3 + (1 - MEMORY) * source.T @ np.eye(3)[labels] / 4
    predicted = MEMORY / 3 + (1 - MEMORY) * target.mean(axis=0)
    # Given a prediction, the chance of each class by Bayes' rule; then its mean over what was predicted.
    posterior = joint / joint.sum(axis=0) / 3
    posterior /= posterior.sum(axis=1, keepdims=True)
    assert found == pytest.approx((predicted @ posterior) / joint.sum(axis=0), rel=1e-5)


def test_the_limit_is_the_ratio_of_the_shares():
    """A classifier that is wrong on a third of the rows, classes that are four times as frequent and half as frequent."""
    rng = np.random.default_rng(1)
    of_source, of_target = np.array([0.2, 0.4, 0.4]), np.array([0.6, 0.2, 0.2])
    ratios = ClassRatios(3)
    seen = []
    for _ in range(1500):
        labels = rng.choice(3, 32, p=of_source)
        given = predictions(labels, rng), labels, predictions(rng.choice(3, 32, p=of_target), rng)
        seen.append(ratios(*map(torch.from_numpy, given)).numpy())
    # The running means are of about 100 batches: a standard error of some 0.02 for a share.
    assert seen[-1] == pytest.approx(of_target / of_source, abs=0.25)
    assert np.mean(seen[500:], axis=0) == pytest.approx(of_target / of_source, abs=0.1)
    assert float(ratios.shares.sum()) == pytest.approx(1, abs=1e-5)
    exact = np.linalg.solve((ratios.joint / ratios.joint.sum(dim=0)).numpy(), ratios.predicted.numpy())
    assert ratios.shares.numpy() == pytest.approx(exact, abs=0.05)


def test_shares_stay_shares_where_the_linear_system_has_a_negative_solution():
    ratios = ClassRatios(2)
    source = torch.tensor([[0.6, 0.4], [0.4, 0.6]])
    for _ in range(2000):
        found = ratios(source, torch.tensor([0, 1]), torch.tensor([[0.9, 0.1]]))
    assert np.linalg.solve([[0.6, 0.4], [0.4, 0.6]], [0.9, 0.1]).min() < 0
    assert found.numpy() == pytest.approx([2, 0], abs=1e-3)


def test_a_class_that_is_rare_in_the_source_cannot_outweigh_a_batch():
    ratios = ClassRatios(2)
    for _ in range(2000):
        found = ratios(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), torch.tensor([[0.5, 0.5]]))
    assert torch.isfinite(found).all()
    assert float(found[1]) == LARGEST
