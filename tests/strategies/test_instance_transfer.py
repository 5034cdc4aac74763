"""Instance transfer: the weights reach the loss, and rows that do not resemble the target lose their say."""

from __future__ import annotations

import dataclasses
import typing

import numpy as np
import pytest
import torch

from ntgate.data.domain import Domain, TrainingView
from ntgate.strategies.base import Arm, Facts
from ntgate.strategies.candidate import train
from ntgate.strategies.instance_transfer import InstanceTransfer, Weighting
from ntgate.training.config import Cnn, Mlp, NetworkSpec, TrainingConfig
from ntgate.training.network import build
from ntgate.training.source import pretrain, rows_of
from ntgate.training.streams import Rows
from ntgate.training.weighted import Weighted

CONFIG = TrainingConfig(steps=100, source_steps=100, batch_size=32, learning_rate=5e-3)
METHODS = [name for name in typing.get_args(Weighting) if name != "uniform"]


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def domain(name, n, seed, centre=0.0, reverse=False):
    """Two classes along the first feature; ``reverse`` exchanges their labels."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)) + np.array([0.0, centre, 0.0])
    y = (x[:, 0] > 0).astype(np.int64)
    return Domain(name, x.astype(np.float32), 1 - y if reverse else y, ("no", "yes"))


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    """Half of the source is like the target; the other half lies elsewhere, and has the opposite labels."""
    like, unlike = domain("source", 150, 0), domain("source", 150, 1, centre=4.0, reverse=True)
    source = Domain("source", np.concatenate([like.rows, unlike.rows]), np.concatenate([like.y, unlike.y]), like.classes)
    view = TrainingView(source, domain("train", 20, 2), domain("validation", 40, 3), domain("unlabelled", 100, 4))
    model = pretrain(
        source, [view.train], Mlp(hidden=(8,)), CONFIG, accuracy, 0, tmp_path_factory.mktemp("source") / "s.safetensors"
    )
    return Arm(view, model, Mlp(hidden=(8,)), CONFIG, accuracy, seed=0)


@pytest.mark.parametrize("weighting", METHODS)
def test_rows_that_are_like_the_target_count_for_more(weighting, arm):
    weights = InstanceTransfer(weighting=weighting, space="columns").weights(arm, arm.view.source)
    assert weights.mean() == pytest.approx(1)
    assert weights.max() <= 10 + 1e-9
    assert weights[:150].mean() > 1.25 > 0.75 > weights[150:].mean()


@pytest.mark.parametrize("weighting", ["density_ratio", "domain_classifier"])
def test_a_selection_keeps_the_rows_that_are_like_the_target(weighting, arm):
    weights = InstanceTransfer(weighting=weighting, selection=0.4, space="columns").weights(arm, arm.view.source)
    assert set(weights.round(6)) == {0.0, 2.5}
    assert (weights[:150] > 0).mean() > 0.75


@pytest.mark.parametrize("weighting", ["uniform", *METHODS])
def test_every_weighting_trains(weighting, arm, tmp_path):
    candidate = train(InstanceTransfer(weighting=weighting), arm, tmp_path)
    assert candidate.failed is None
    assert candidate.parameters["weighting"] == weighting
    assert candidate.notes["source_rows"] <= 300
    if weighting == "uniform":
        assert candidate.notes["effective_source_rows"] == pytest.approx(300)
    else:
        assert 30 <= candidate.notes["effective_source_rows"] < 299


def test_tradaboost_undoes_what_wrong_source_labels_do(arm, tmp_path):
    """Three fifths of the source contradict the target everywhere, and most of the loss is the source's."""
    source = domain("source", 300, 0)
    wrong = np.arange(300) % 5 < 3
    source = dataclasses.replace(source, y=np.where(wrong, 1 - source.y, source.y))
    view = dataclasses.replace(arm.view, source=source, train=domain("train", 40, 2))
    test, found = domain("test", 400, 9), {}
    for weighting in ("uniform", "tradaboost"):
        strategy = InstanceTransfer(weighting=weighting, space="columns", target_share=0.1, start="fresh")
        candidate = train(strategy, dataclasses.replace(arm, view=view), tmp_path / weighting)
        with torch.inference_mode():
            found[weighting] = accuracy(
                torch.from_numpy(test.y), candidate.load().network(rows_of(candidate.model.encoder, test).x)
            )
    assert found["tradaboost"] > 0.8
    assert found["uniform"] < 0.7


def test_a_weight_of_two_is_a_row_that_stands_twice():
    network = build(NetworkSpec(backbone=Mlp(hidden=(4,), dropout=0), input_shape=(3,), classes=2), seed=0)
    x, y = torch.randn(3, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 1])
    target = Rows(torch.ones(2, 3), torch.tensor([0, 1]))

    def loss(rows, labels, weights):
        objective = Weighted(network, labels, torch.tensor(weights), share=0.25)
        order = torch.arange(len(rows)).flip(0)  # batches come in any order
        return objective({"source": Rows(rows[order], order), "labelled": target}, 0.0).item()

    once = loss(x, y, [2.0, 0.0, 1.0])
    again = loss(x[[0, 0, 2]], y[[0, 0, 2]], [1.0, 1.0, 1.0])
    assert once == pytest.approx(again)
    crossed = torch.nn.functional.cross_entropy
    expected = 0.75 * crossed(network(x[[0, 0, 2]]), y[[0, 0, 2]]) + 0.25 * crossed(network(target.x), target.y)
    assert once == pytest.approx(expected.item())


def test_rows_left_out_have_no_say_from_a_fresh_start(arm, tmp_path):
    """Other labels on the rows that a selection leaves out change nothing."""
    strategy = InstanceTransfer(weighting="density_ratio", selection=0.3, space="columns", start="fresh")
    out = strategy.weights(arm, arm.view.source) == 0
    source = arm.view.source
    other = dataclasses.replace(source, y=np.where(out, 1 - source.y, source.y))
    changed = dataclasses.replace(arm, view=dataclasses.replace(arm.view, source=other))
    # On these training rows alone: each fold, having others, leaves out others.
    one, same = (strategy.train(seen).model.save(tmp_path / name) for seen, name in ((arm, "a"), (changed, "b")))
    assert one.sha256 == same.sha256


def test_the_start_decides_what_the_weights_begin_from(arm, tmp_path):
    one, other = (train(InstanceTransfer(start=start), arm, tmp_path / start) for start in ("source", "fresh"))
    assert one.model.weights.sha256 != other.model.weights.sha256


def test_a_source_without_a_row_like_the_target_fails_with_a_reason(arm, tmp_path, monkeypatch):
    nothing = np.zeros(300)
    nothing[0] = 1.0
    monkeypatch.setattr("ntgate.strategies.weighting.domain_classifier.classifier_odds", lambda *a, **k: nothing)
    candidate = train(InstanceTransfer(), arm, tmp_path)
    assert "at least one in 10 that resembles the target, got 1 of 300" in candidate.failed


def test_one_target_row_alone_is_refused(arm):
    facts = Facts.of(arm.view).model_copy(update={"target_rows": 1, "unlabelled_rows": 0})
    assert "there is but one of them" in InstanceTransfer().unsuitable(facts)


@pytest.mark.parametrize("weighting", ["uniform", "domain_classifier"])
def test_a_fresh_start_takes_pixels_and_streams_what_the_device_cannot_hold(weighting, tmp_path):
    """Pixels stay bytes in memory; whether rows live on the device or come from workers, the weights are the same."""

    def images(name, n, seed):
        y = np.arange(n) % 2
        pixels = np.random.default_rng(seed).integers(0, 180, (n, 8, 9, 3)) + 75 * y[:, None, None, None]
        return Domain(name, pixels.astype(np.uint8), y, ("dark", "bright"))

    backbone = Cnn(channels=(4,), width=8)
    view = TrainingView(images("source", 120, 0), images("train", 30, 1), images("validation", 30, 2), None)
    training = CONFIG.model_copy(update={"steps": 40, "source_steps": 40, "device": "cpu"})
    model = pretrain(view.source, [view.train], backbone, training, accuracy, 0, tmp_path / "source.safetensors")
    assert rows_of(model.encoder, view.source).x.dtype == torch.uint8
    found = []
    for memory, workers in ((1.0, 0), (0.0, 0), (0.0, 1)):
        config = training.model_copy(update={"device_memory": memory, "workers": workers})
        arm = Arm(view, model, backbone, config, accuracy, seed=0)
        found.append(train(InstanceTransfer(weighting=weighting, start="fresh"), arm, tmp_path / f"{memory}{workers}"))
    assert found[0].failed is None
    assert found[0].validation > 0.9
    assert len({candidate.model.weights.sha256 for candidate in found}) == 1
    # The statistics are those of the floats that the pixels stand for, over all rows that are learnt from.
    both = np.concatenate([view.source.rows, view.labelled.rows]) / 255
    if weighting == "uniform":
        assert found[0].load().network.normaliser.mean.flatten().numpy() == pytest.approx(both.mean(axis=(0, 1, 2)), rel=1e-5)
