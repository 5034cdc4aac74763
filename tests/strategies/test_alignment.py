"""Shallow alignment as a strategy: it undoes known changes of the features, and exports what it fitted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from ntgate.data.domain import Domain, TrainingView
from ntgate.export.onnx_export import export_onnx
from ntgate.export.parity import check_parity
from ntgate.strategies.alignment import Alignment
from ntgate.strategies.base import Arm, Facts
from ntgate.strategies.candidate import train
from ntgate.training.config import Mlp, TrainingConfig
from ntgate.training.source import pretrain, rows_of

CONFIG = TrainingConfig(steps=60, source_steps=200, batch_size=32, learning_rate=5e-3)
METHODS = ("coral", "subspace", "tca", "optimal_transport")


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def table(name, n, seed, *, moved=True):
    """Three classes in the plane; in the target one column is in another unit, and both have moved. And a text column."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    x = np.array([[0.0, 4.0], [4, 0], [-4, -1]])[y] + rng.normal(size=(n, 2))
    if moved:
        x = x * [3.0, 1.0] + [25.0, -3.0]
    frame = pd.DataFrame({"a": x[:, 0].astype(np.float32), "b": x[:, 1].astype(np.float32)})
    frame["c"] = pd.Series(np.array(["p", "q"], dtype=object)[rng.integers(0, 2, n)], dtype=object)
    return Domain(name, frame, y, ("x", "y", "z"))


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    unlabelled = dataclasses.replace(table("unlabelled", 300, 3), y=None)
    view = TrainingView(table("source", 300, 0, moved=False), table("train", 6, 1), table("validation", 15, 2), unlabelled)
    model = pretrain(
        view.source,
        [view.train, unlabelled],
        Mlp(hidden=(16,)),
        CONFIG,
        accuracy,
        0,
        tmp_path_factory.mktemp("source") / "s.safetensors",
    )
    return Arm(view, model, Mlp(hidden=(16,)), CONFIG, accuracy, seed=0)


def score_of(candidate, test):
    with torch.inference_mode():
        return accuracy(torch.from_numpy(test.y), torch.from_numpy(candidate.load().scores(test.rows)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("space", ["columns", "embedding"])
def test_every_method_trains_and_exports_with_parity(method, space, arm, tmp_path):
    if method == "optimal_transport":
        pytest.importorskip("ot")
    candidate = train(Alignment(method=method, space=space), arm, tmp_path)
    assert candidate.failed is None
    test = table("test", 60, 5)
    path = export_onnx(candidate.load().network, candidate.model.encoder, tmp_path / "a.onnx", classes=candidate.classes)
    with torch.inference_mode():
        reference = candidate.load().network(rows_of(candidate.model.encoder, test).x).softmax(dim=1).numpy()
    assert check_parity(path, test.rows, reference) < 1e-5


@pytest.mark.parametrize("method", ["coral", "subspace", "optimal_transport"])
def test_a_change_of_unit_and_place_is_undone(method, arm, tmp_path):
    """Almost no weight on the target labels: what is right about the target has come through the alignment."""
    if method == "optimal_transport":
        pytest.importorskip("ot")
    candidate = train(Alignment(method=method, target_share=1e-6), arm, tmp_path)
    assert score_of(candidate, table("test", 300, 5)) > 0.9


def test_without_alignment_the_same_head_is_lost(arm, tmp_path):
    """TCA with joint scaling leaves the domains where they are in all directions but one: the test above can fail."""
    candidate = train(Alignment(method="tca", target_share=1e-6), arm, tmp_path)
    assert score_of(candidate, table("test", 300, 5)) < 0.9


@pytest.mark.parametrize("method", ["coral", "subspace", "tca"])
def test_the_scaling_is_folded_into_the_map(method):
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(60, 4)), rng.normal(size=(50, 4)) * [9.0, 1.0, 0.1, 2.0] + 7
    found = Alignment(method=method, dimension=3).aligned(source, target, np.random.default_rng(0))
    if method == "tca":  # one scale, so that one map serves both domains
        assert found.target(source) == pytest.approx(found.source, abs=1e-9)
    else:  # centred and scaled by the target's own statistics
        assert found.target(target).mean(axis=0) == pytest.approx(np.zeros(found.matrix.shape[1]), abs=1e-9)
        assert found.source.mean(axis=0) == pytest.approx(np.zeros(found.matrix.shape[1]), abs=1e-9)


def test_a_transport_plan_is_computed_for_a_sample(arm, tmp_path):
    pytest.importorskip("ot")
    candidate = train(Alignment(method="optimal_transport", most_rows=120), arm, tmp_path)
    assert score_of(candidate, table("test", 300, 5)) > 0.9


def test_it_needs_a_shared_head_two_target_rows_and_for_transport_pot(arm, monkeypatch):
    facts = Facts.of(arm.view)
    assert Alignment().unsuitable(facts) is None
    assert "no class 'z'" in Alignment().unsuitable(facts.model_copy(update={"source_classes": ("x", "y")}))
    assert "but one target row" in Alignment().unsuitable(facts.model_copy(update={"target_rows": 1, "unlabelled_rows": 0}))
    monkeypatch.setattr("ntgate.strategies.maps.transport.available", lambda: False)
    assert 'pip install "ntgate[transport]"' in Alignment(method="optimal_transport").unsuitable(facts)
    assert Alignment().unsuitable(facts) is None
