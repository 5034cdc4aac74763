"""What every strategy keeps: it learns, is deterministic, sees no test rows, says when it cannot run, exports with parity."""

from __future__ import annotations

import dataclasses
import pickle
import typing

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from ntgate.data.domain import Domain, TrainingView
from ntgate.errors import TooLargeError
from ntgate.export.parity import check_parity
from ntgate.report import words
from ntgate.strategies import STRATEGIES
from ntgate.strategies.alignment import Alignment
from ntgate.strategies.base import Arm, Facts
from ntgate.strategies.candidate import train
from ntgate.strategies.domain_adversarial import DomainAdversarial
from ntgate.strategies.encoder_decoder import EncoderDecoder
from ntgate.strategies.feature_extraction import FeatureExtraction
from ntgate.strategies.fine_tuning import FineTuning
from ntgate.strategies.instance_transfer import InstanceTransfer
from ntgate.strategies.moment_matching import MomentMatching
from ntgate.strategies.multi_task import MultiTask
from ntgate.strategies.parameter_transfer import ParameterTransfer
from ntgate.strategies.residual_features import ResidualFeatures
from ntgate.strategies.scratch import LEARNERS, BoostingScratch, NetworkScratch
from ntgate.strategies.transfer import initial_network
from ntgate.strategies.weight_interpolation import WeightInterpolation
from ntgate.training.config import Mlp, NetworkSpec, TrainingConfig
from ntgate.training.network import build
from ntgate.training.source import embed, pretrain, rows_of

KINDS = [*STRATEGIES.shipped, *LEARNERS.values()]
OWN = {
    FineTuning,
    FeatureExtraction,
    DomainAdversarial,
    MomentMatching,
    EncoderDecoder,
    MultiTask,
    ParameterTransfer,
    ResidualFeatures,
    WeightInterpolation,
    NetworkScratch,
}
CONFIG = TrainingConfig(steps=200, source_steps=200, batch_size=32, learning_rate=5e-3)


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def blobs(name: str, n: int, shift: float, seed: int, classes=("a", "b", "c")) -> Domain:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % len(classes)
    centres = np.array([[2.0, 0], [-2, 2], [-2, -2]])[: len(classes)]
    x = np.hstack([centres[y] + rng.normal(0, 0.7, (n, 2)), rng.normal(size=(n, 2))]) + shift
    return Domain(name, x.astype(np.float32), y, classes)


def shifted(source: int, train: int, validation: int, unlabelled: int) -> TrainingView:
    """A target that is the source moved a little, with so many rows a part."""
    return TrainingView(
        blobs("source", source, 0, 0),
        blobs("train", train, 0.4, 1),
        blobs("validation", validation, 0.4, 2),
        blobs("unlabelled", unlabelled, 0.4, 3),
    )


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    view = shifted(300, 45, 30, 100)
    source = pretrain(
        view.source,
        [view.train, view.unlabelled],
        Mlp(hidden=(16,)),
        CONFIG,
        accuracy,
        0,
        tmp_path_factory.mktemp("source") / "source.safetensors",
    )
    return Arm(view, source, Mlp(hidden=(16,)), CONFIG, accuracy, seed=0)


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def strategy(request):
    return request.param()


def test_it_learns_a_separable_toy(strategy, arm, tmp_path):
    candidate = train(strategy, arm, tmp_path)
    assert candidate.failed is None
    test = blobs("test", 300, 0.4, 4)
    assert accuracy(torch.from_numpy(test.y), torch.from_numpy(candidate.load().scores(test.rows))) > 0.85


def test_it_is_deterministic(strategy, arm, tmp_path):
    one, other = (train(strategy, arm, tmp_path / str(i)) for i in range(2))
    assert one.model.sha256 == other.model.sha256
    assert one.curve == other.curve


def test_it_resumes_to_the_same_weights(strategy, arm, tmp_path):
    """Killed at its third evaluation and started again, it ends where it would have without."""
    seen = []

    def dies(labels, scores):
        seen.append(1)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return accuracy(labels, scores)

    arm = dataclasses.replace(arm, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(KeyboardInterrupt):
        train(strategy, dataclasses.replace(arm, metric=dies), tmp_path / "killed")
    resumed = train(strategy, arm, tmp_path / "resumed")
    whole = train(strategy, dataclasses.replace(arm, checkpoint=None), tmp_path / "whole")
    assert resumed.model.sha256 == whole.model.sha256
    assert resumed.curve == whole.curve
    assert resumed.notes == whole.notes


def test_it_exports_with_parity(strategy, arm, tmp_path):
    candidate = train(strategy, arm, tmp_path)
    test = blobs("test", 100, 0.4, 4)
    candidate.load().export(tmp_path / "a.onnx")
    assert check_parity(tmp_path / "a.onnx", test.rows, candidate.load().scores(test.rows)) < 1e-5


def test_it_cannot_see_the_test_rows(strategy):
    assert {field.name for field in dataclasses.fields(TrainingView)} == {"source", "train", "validation", "unlabelled"}
    assert "test" not in typing.get_type_hints(type(strategy).train)


def test_scratch_sees_nothing_of_the_source(arm, tmp_path):
    """The same arm with another source, other unlabelled rows and no source model trains to the same weights."""
    other = dataclasses.replace(
        arm, source=None, view=dataclasses.replace(arm.view, source=blobs("source", 90, 9, 7), unlabelled=None)
    )
    for learner in LEARNERS.values():
        one, same = (train(learner(), seen, tmp_path / name) for name, seen in (("a", arm), ("b", other)))
        assert one.model.sha256 == same.model.sha256


def test_one_head_needs_the_source_to_know_every_class(arm):
    view = dataclasses.replace(arm.view, source=blobs("source", 60, 0, 0, classes=("a", "b")))
    facts = Facts.of(view)
    shared = {DomainAdversarial, MomentMatching, EncoderDecoder, InstanceTransfer, Alignment}
    assert all("the source has no class 'c'" in kind().unsuitable(facts) for kind in shared)
    assert all(kind().unsuitable(facts) is None for kind in OWN - shared)


@pytest.mark.parametrize("strategy", [MultiTask(), ParameterTransfer(), FineTuning(probe_first=True)], ids=str)
def test_other_label_spaces_are_learnt_by_what_shares_no_head(strategy, arm, tmp_path):
    """The source knows two of the classes by other names, and one not at all."""
    source = blobs("source", 300, 0, 0, classes=("x", "y"))
    view = dataclasses.replace(arm.view, source=source)
    pretrained = pretrain(source, [view.train], Mlp(hidden=(16,)), CONFIG, accuracy, 0, tmp_path / "source.safetensors")
    candidate = train(strategy, dataclasses.replace(arm, view=view, source=pretrained), tmp_path)
    assert candidate.failed is None
    test = blobs("test", 300, 0.4, 4)
    assert accuracy(torch.from_numpy(test.y), torch.from_numpy(candidate.load().scores(test.rows))) > 0.85


OPTIONS = [
    FineTuning(probe_first=True),
    FineTuning(l2_sp=0.1),
    FineTuning(bss=1e-3),
    FineTuning(layer_decay=0.5),
    FeatureExtraction(last_blocks=1),
    DomainAdversarial(conditional=True, entropy_weights=True, entropy=0.1),
    DomainAdversarial(class_weights=True, layers=2, discriminator_rate=3.0, short_memory=True),
    MomentMatching(distance="coral"),
    EncoderDecoder(noise=0.0),
]


@pytest.mark.parametrize("strategy", OPTIONS, ids=str)
def test_options_learn_and_resume_and_are_part_of_the_record(strategy, arm, tmp_path):
    test_it_learns_a_separable_toy(strategy, arm, tmp_path)
    test_it_resumes_to_the_same_weights(strategy, arm, tmp_path)
    recorded = train(strategy, arm, tmp_path / "recorded")
    assert recorded.parameters == strategy.model_dump(mode="json", exclude={"kind"})


def test_the_last_blocks_learn_and_the_others_stay(arm, tmp_path):
    deep = Mlp(hidden=(16, 8))
    source = pretrain(arm.view.source, [], deep, CONFIG, accuracy, 0, tmp_path / "source.safetensors")
    before = source.load().features.state_dict()
    after = FeatureExtraction(last_blocks=1).train(dataclasses.replace(arm, source=source)).model.network.features.state_dict()
    assert torch.equal(before["1.weight"], after["1.weight"])
    assert not torch.equal(before["4.weight"], after["4.weight"])


def test_a_strong_anchor_keeps_the_features_where_they_were(arm):
    def features(network):
        return torch.nn.utils.parameters_to_vector(network.features.parameters())

    start = features(arm.pretrained.load())
    moved = [float((features(FineTuning(l2_sp=alpha).train(arm).model.network) - start).norm().detach()) for alpha in (0.0, 10.0)]
    assert moved[1] < 0.2 * moved[0]


def test_each_block_learns_at_its_rate(arm, tmp_path):
    network = build(NetworkSpec(backbone=Mlp(hidden=(16, 8, 4)), input_shape=(4,), classes=3), 0)
    groups = FineTuning(layer_decay=0.5)._groups(network, 0.3)
    assert [rate for _, rate in groups] == pytest.approx([0.075, 0.15, 0.3, 1.0])
    assert [id(p) for parameters, _ in groups for p in parameters] == [
        *map(id, network.features.parameters()),
        *map(id, network.head.parameters()),
    ]


def test_the_probe_before_fine_tuning_is_that_of_feature_extraction(arm):
    """With a learning rate of nearly nothing LP-FT ends at the linear probe."""
    still = dataclasses.replace(arm, training=CONFIG.model_copy(update={"learning_rate": 1e-12, "steps": 20}))
    tuned, probe = (FineTuning(probe_first=True).train(still).model.network, FeatureExtraction().train(still).model.network)
    assert torch.allclose(tuned.head.weight, probe.head.weight, atol=1e-6)


def test_learnt_shares_are_recorded_and_an_ordinary_network_remains(arm, tmp_path):
    candidate = train(ParameterTransfer(), arm, tmp_path)
    assert list(candidate.notes) == ["source_share.1"]
    assert 0 < candidate.notes["source_share.1"] < 1
    assert candidate.load().network.state_dict().keys() == arm.pretrained.load().state_dict().keys()
    assert all(parameter.requires_grad for parameter in candidate.load().network.parameters())


def test_every_note_has_words_on_the_report_page(strategy, arm, tmp_path):
    short = dataclasses.replace(arm, training=CONFIG.model_copy(update={"steps": 10}))
    notes = train(strategy, short, tmp_path).notes
    assert all(name in words.NOTES or name.startswith("source_share.") for name in notes)
    assert bool(words.notes(notes)) == bool(notes)


def test_one_class_cannot_be_probed(arm, tmp_path):
    parts = {name: getattr(arm.view, name) for name in ("train", "validation")}
    one = {name: part.take(np.flatnonzero(part.y == 0)) for name, part in parts.items()}
    seen = dataclasses.replace(arm, view=dataclasses.replace(arm.view, **one))
    candidate = train(FeatureExtraction(), seen, tmp_path)
    assert "expected training rows of two classes" in candidate.failed


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
        scores = trained.model.network(rows_of(arm.source.encoder, arm.view.train).x).softmax(dim=1).numpy()
    assert scores == pytest.approx(expected, abs=1e-3)


def test_a_failing_arm_is_a_candidate_with_a_reason(arm, tmp_path):
    broken = dataclasses.replace(arm, training=CONFIG.model_copy(update={"learning_rate": 1e30, "clip_norm": 1e30}))
    candidate = train(NetworkScratch(), broken, tmp_path)
    assert "a finite loss" in candidate.failed
    assert candidate.model is None
    assert not candidate.left_out


def test_a_learner_that_would_take_too_long_steps_aside_and_has_not_failed(arm, tmp_path, monkeypatch):
    monkeypatch.setattr("ntgate.learners.boosting._MOST", 1)
    candidate = train(BoostingScratch(), arm, tmp_path)
    assert candidate.left_out
    assert candidate.failed.endswith("would take it minutes")
    assert pickle.loads(pickle.dumps(TooLargeError("boosting", "too many"))).why == "too many"
