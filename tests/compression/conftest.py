"""A small network that was really trained, for every compression to act on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ntgate.data.domain import Domain, TrainingView
from ntgate.strategies.base import Arm
from ntgate.strategies.fine_tuning import FineTuning
from ntgate.training.config import Cnn, Mlp, TrainingConfig
from ntgate.training.source import pretrain

CONFIG = TrainingConfig(steps=200, source_steps=300, batch_size=32, learning_rate=3e-3)
CLASSES = tuple("0123456789")


def accuracy(labels, scores):
    return float((scores.argmax(dim=1) == labels).float().mean())


def domain(name, x, y, start, stop, veil=0.15):
    """Rows ``start`` to ``stop`` behind a veil."""
    seen = np.clip(veil + (1 - 2 * veil) * x[start:stop], 0, 1).astype(np.float32)
    return Domain(name, seen, y[start:stop], CLASSES)


def trained_on(x, y, backbone, folder):
    view = TrainingView(
        domain("source", x, y, 0, 700, 0.0),
        domain("train", x, y, 700, 800),
        domain("validation", x, y, 800, 860),
        dataclasses.replace(domain("unlabelled", x, y, 860, 1100), y=None),
    )
    source = pretrain(view.source, [view.train], backbone, CONFIG, accuracy, 0, folder / "source.safetensors")
    arm = Arm(view, source, backbone, CONFIG, accuracy, seed=0)
    return FineTuning().train(arm).model, dataclasses.replace(arm, source=None), domain("test", x, y, 1100, 1700)


@pytest.fixture(scope="session")
def mlp(digits, tmp_path_factory):
    """Teacher, arm and test rows: digits as vectors, two hidden layers."""
    x, y = digits
    return trained_on(x.reshape(len(x), -1), y, Mlp(hidden=(96, 48)), tmp_path_factory.mktemp("mlp"))


@pytest.fixture(scope="session")
def cnn(digits, tmp_path_factory):
    """Teacher, arm and test rows: digits as images, two convolutions."""
    return trained_on(*digits, Cnn(channels=(16, 24), width=64), tmp_path_factory.mktemp("cnn"))
