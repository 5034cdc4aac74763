"""Data that are hard to learn from: each strategy learns what there is or fails with a reason, and never with a traceback."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from ntgate.learners.base import Learner
from ntgate.strategies.base import Arm, Facts
from ntgate.strategies.candidate import train
from ntgate.strategies.encoder_decoder import EncoderDecoder
from ntgate.strategies.fine_tuning import FineTuning
from ntgate.strategies.scratch import NetworkScratch
from ntgate.training.config import Mlp, TrainingConfig
from ntgate.training.source import pretrain
from tests.strategies.test_contract import KINDS, accuracy, blobs, shifted

CONFIG = TrainingConfig(steps=60, source_steps=100, batch_size=16, learning_rate=5e-3, evaluations=3, device="cpu")
EXPLODING = CONFIG.model_copy(update={"learning_rate": 1e30, "clip_norm": 1e30})


@pytest.fixture(scope="module")
def arm(tmp_path_factory):
    view = shifted(120, 30, 30, 40)
    source = pretrain(
        view.source, [view.train], Mlp(hidden=(16,)), CONFIG, accuracy, 0, tmp_path_factory.mktemp("s") / "s.safetensors"
    )
    return Arm(view, source, Mlp(hidden=(16,)), CONFIG, accuracy, seed=0)


def with_rows(arm, **parts):
    return dataclasses.replace(arm, view=dataclasses.replace(arm.view, **parts))


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def strategy(request):
    return request.param()


def test_one_label_a_class_is_enough(strategy, arm, tmp_path):
    few = with_rows(arm, train=blobs("train", 3, 0.4, 1), unlabelled=None)
    candidate = train(strategy, few, tmp_path)
    assert strategy.unsuitable(Facts.of(few.view)) is None
    assert candidate.failed is None
    # The source helps where labels are few; scratch has three rows and no more.
    assert candidate.validation > (0.35 if candidate.strategy == "scratch" else 0.5)
    assert np.isfinite(candidate.validation_loss)


def test_without_unlabelled_rows_the_labelled_ones_stand_for_the_target(strategy, arm, tmp_path):
    candidate = train(strategy, with_rows(arm, unlabelled=None), tmp_path)
    assert candidate.failed is None
    assert candidate.validation > 0.6


def test_a_class_without_target_training_rows_is_survived(strategy, arm, tmp_path):
    """The two other classes are learnt, and the scores have a place for the third."""
    rows = arm.view.train
    two = rows.take(np.flatnonzero(rows.labels != 2))
    assert two.classes == ("a", "b", "c")
    candidate = train(strategy, with_rows(arm, train=two), tmp_path)
    assert candidate.failed is None
    assert len(candidate.load().classes) == 3
    assert candidate.validation > 0.5
    assert np.isfinite(candidate.validation_loss)


def test_an_exploding_loss_is_a_reason_and_not_a_traceback(strategy, arm, tmp_path):
    """What descends by the loop's gradient fails with the remedy; heads, pools and scratch's learners do not."""
    candidate = train(strategy, dataclasses.replace(arm, training=EXPLODING), tmp_path)
    if candidate.strategy in ("feature_extraction", "alignment") or isinstance(strategy, Learner):
        assert candidate.failed is None
    else:
        assert "expected a finite loss" in candidate.failed
        assert candidate.model is None


def test_a_decomposition_of_what_exploded_is_the_same_reason(arm, tmp_path):
    """The eigenvalues of a batch of NaN do not converge, which is an error of its own kind."""
    candidate = train(FineTuning(bss=1.0), dataclasses.replace(arm, training=EXPLODING), tmp_path)
    assert "expected a finite loss" in candidate.failed


def test_memory_that_runs_out_before_and_while_training_is_a_reason(arm, tmp_path, monkeypatch):
    candidate = train(EncoderDecoder().model_copy(update={"hidden": 10**12}), arm, tmp_path)  # more than a config may ask
    assert candidate.failed.startswith("memory ran out: ")
    assert "\n" not in candidate.failed

    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr("torch.nn.functional.cross_entropy", full)
    candidate = train(NetworkScratch(), arm, tmp_path)
    assert "memory for 16 rows of each stream a step" in candidate.failed
    assert "lower batch_size" in candidate.failed


def test_a_fault_of_the_code_is_not_taken_for_one_of_the_data(arm, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("shapes differ")

    monkeypatch.setattr("torch.nn.functional.cross_entropy", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(NetworkScratch(), arm, tmp_path)
