"""A strategy that lives outside the package: in a config, through a run, and held to the shipped checks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest

from ntgate.config_file import load
from ntgate.data.encoder import fit_encoder
from ntgate.flow import run
from ntgate.models.linear import LinearModel
from ntgate.strategies import STRATEGIES
from ntgate.strategies.base import Arm, Strategy, Trained
from ntgate.testing import check_strategy
from ntgate.training.curve import CurvePoint


class NearestMean(Strategy):
    """Nearest class mean over source and target rows together: linear, and learnt without a step."""

    kind: Literal["nearest_mean"] = "nearest_mean"
    label: ClassVar[str] = "the nearest class mean"
    flip: bool = False

    def train(self, arm: Arm) -> Trained:
        view = arm.view
        encoder = fit_encoder(view.source, view.train)
        source = view.source.relabelled(view.train.classes)
        x = np.concatenate([encoder.encode(part.rows).reshape(len(part), -1) for part in (source, view.train)])
        y = np.concatenate([source.labels, view.train.labels])
        means = np.stack([x[y == code].mean(axis=0) for code in range(len(view.train.classes))])
        means = means[::-1] if self.flip else means
        model = LinearModel(
            encoder, (2 * means).astype(np.float32), -np.square(means).sum(axis=1).astype(np.float32), view.train.classes
        )
        right = float(np.mean(model.scores(view.validation.rows).argmax(axis=1) == view.validation.labels))
        return Trained(model, (CurvePoint(step=1, train_loss=0.0, validation_loss=1 - right, validation=right),), 1)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "a_project", sys.modules[__name__])
    monkeypatch.setattr(NearestMean, "__module__", "a_project")


def test_it_passes_the_shipped_checks():
    check_strategy(NearestMean())


def test_a_broken_promise_is_named():
    with pytest.raises(AssertionError, match=r"it learns an easy target to 0\.8, and reached"):
        check_strategy(NearestMean(flip=True))


def test_a_config_names_it_and_a_run_judges_it(project: Path):
    config = load(project / "config.yaml", ['strategies=[{kind: "a_project:NearestMean"}, fine_tuning]', "gate.seeds=1"])
    result = run(config, dry_run=True)
    row = next(row for row in result.plan if row.strategy == "nearest_mean")
    assert (row.trained, row.reason) == (True, "as the config asks")
    assert row.validation > 0.5
    assert row.label == "the nearest class mean"
    assert "The nearest class mean" in result.reports["report"].verified().read_text()


def test_every_shipped_strategy_passes_them_too():
    for kind in STRATEGIES.shipped[:3]:
        check_strategy(kind())
