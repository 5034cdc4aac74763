"""What every strategy keeps: it learns, is deterministic, sees no test rows, says when it cannot run, exports with parity."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from ntgate.data.domain import Domain, TrainingView
from ntgate.export.onnx_export import export_onnx
from ntgate.export.parity import check_parity
from ntgate.strategies import AnyStrategy
from ntgate.strategies.alignment import Alignment
from ntgate.strategies.base import Arm, Facts
from ntgate.strategies.candidate import train
from ntgate.strategies.domain_adversarial import DomainAdversarial
from ntgate.strategies.feature_extraction import FeatureExtraction
from ntgate.strategies.instance_transfer import InstanceTransfer
from ntgate.strategies.scratch import Scratch
from ntgate.strategies.transfer import initial_network
from ntgate.training.config import Mlp, TrainingConfig
from ntgate.training.source import embed, pretrain, rows_of

KINDS = [*typing.get_args(typing.get_args(AnyStrategy)[0]), Scratch]
CONFIG = TrainingConfig(steps=200, source_steps=200, batch_size=32, learning_rate=5e-3)


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def blobs(name: str, n: int, shift: float, seed: int, classes=("a", "b", "c")) -> Domain:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % len(classes)
    centres = np.array([[2.0, 0], [-2, 2], [-2, -2]])[: len(classes)]
    x = np.hstack([centres[y] + rng.normal(0, 0.7, (n, 2)), rng.normal(size=(n, 2))]) + shift
    return Domain(name, x.astype(np.float32), y, classes)


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    view = TrainingView(
        blobs("source", 300, 0, 0),
        blobs("train", 45, 0.4, 1),
        blobs("validation", 30, 0.4, 2),
        blobs("unlabelled", 100, 0.4, 3),
    )
    source = pretrain(
        view.source, [view.train, view.unlabelled], Mlp(hidden=(16,)), CONFIG, accuracy, 0,
        tmp_path_factory.mktemp("source") / "source.safetensors",
    )  # fmt: skip
    return Arm(view, source, Mlp(hidden=(16,)), CONFIG, accuracy, seed=0)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def strategy(request):
    return request.param()


def test_it_learns_a_separable_toy(strategy, arm, tmp_path):
    candidate = train(strategy, arm, tmp_path)
    assert candidate.failed is None
    test = blobs("test", 300, 0.4, 4)
    with torch.inference_mode():
        scores = candidate.load()(rows_of(candidate.encoder, test).x)
    assert accuracy(torch.from_numpy(test.y), scores) > 0.85


def test_it_is_deterministic(strategy, arm, tmp_path):
    one, other = (train(strategy, arm, tmp_path / str(i)) for i in range(2))
    assert one.weights.sha256 == other.weights.sha256
    assert one.curve == other.curve


def test_it_exports_with_parity(strategy, arm, tmp_path):
    candidate = train(strategy, arm, tmp_path)
    test = blobs("test", 100, 0.4, 4)
    path = export_onnx(candidate.load(), candidate.encoder, tmp_path / "a.onnx", classes=candidate.classes)
    with torch.inference_mode():
        reference = candidate.load()(rows_of(candidate.encoder, test).x).softmax(dim=1).numpy()
    assert check_parity(path, test.rows, reference) < 1e-5


def test_it_cannot_see_the_test_rows(strategy):
    assert {field.name for field in dataclasses.fields(TrainingView)} == {"source", "train", "validation", "unlabelled"}
    assert "test" not in typing.get_type_hints(type(strategy).train)


def test_scratch_sees_nothing_of_the_source(arm, tmp_path):
    """The same arm with another source, other unlabelled rows and no source model trains to the same weights."""
    other = dataclasses.replace(
        arm, source=None, view=dataclasses.replace(arm.view, source=blobs("source", 90, 9, 7), unlabelled=None)
    )
    assert (
        train(Scratch(), arm, tmp_path / "a").weights.sha256 == train(Scratch(), other, tmp_path / "b").weights.sha256
    )


def test_one_head_needs_the_source_to_know_every_class(arm):
    view = dataclasses.replace(arm.view, source=blobs("source", 60, 0, 0, classes=("a", "b")))
    facts = Facts.of(view)
    shared = (DomainAdversarial, InstanceTransfer, Alignment)
    assert all("the source has no class 'c'" in kind().unsuitable(facts) for kind in shared)
    assert all(kind().unsuitable(facts) is None for kind in KINDS if kind not in shared)


def test_heads_are_carried_over_by_class_name(arm):
    swapped = dataclasses.replace(arm.view, train=arm.view.train.relabelled(("c", "a")))
    network = initial_network(dataclasses.replace(arm, view=swapped))
    head = arm.source.load().head.weight
    assert torch.equal(network.head.weight[0], head[2])
    assert torch.equal(network.head.weight[1], head[0])


def test_the_linear_probe_is_logistic_regression_on_the_embedding(arm):
    trained = FeatureExtraction(penalties=(1.0,)).train(arm)
    x = embed(arm.source.load(), arm.source.encoder, arm.view.train).astype(np.float64)
    reference = LogisticRegression(C=1.0, max_iter=1000).fit((x - x.mean(0)) / x.std(), arm.view.train.y)
    expected = reference.predict_proba((x - x.mean(0)) / x.std())
    with torch.inference_mode():
        scores = trained.network(rows_of(arm.source.encoder, arm.view.train).x).softmax(dim=1).numpy()
    assert scores == pytest.approx(expected, abs=1e-3)


def test_a_failing_arm_is_a_candidate_with_a_reason(arm, tmp_path):
    broken = dataclasses.replace(arm, training=CONFIG.model_copy(update={"learning_rate": 1e30, "clip_norm": 1e30}))
    candidate = train(Scratch(), broken, tmp_path)
    assert "a finite loss" in candidate.failed
    assert candidate.weights is None
