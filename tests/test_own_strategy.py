"""A strategy that lives outside the package: in a config, through a run, and held to the shipped checks."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ntgate.config_file import load
from ntgate.flow import run
from ntgate.strategies import STRATEGIES
from ntgate.strategies.base import Arm, Trained
from ntgate.testing import check_strategy
from tests.checkout import ROOT

sys.path.insert(0, str(ROOT / "examples"))
from own_strategy import NearestMean

sys.path.pop(0)


class Flipped(NearestMean):
    """It answers the last class for the first."""

    kind: str = "flipped"

    def train(self, arm: Arm) -> Trained:
        trained = super().train(arm)
        model = trained.model
        return replace(trained, model=replace(model, weight=model.weight[::-1], bias=model.bias[::-1]))


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))


def test_it_passes_the_shipped_checks():
    check_strategy(NearestMean())


def test_a_broken_promise_is_named():
    with pytest.raises(AssertionError, match=r"it learns an easy target to 0\.8, and reached"):
        check_strategy(Flipped())


def test_a_config_names_it_and_a_run_judges_it(project: Path):
    config = load(project / "config.yaml", ['strategies=[{kind: "own_strategy:NearestMean"}, fine_tuning]', "gate.seeds=1"])
    result = run(config, dry_run=True)
    row = next(row for row in result.plan if row.strategy == "nearest_mean")
    assert (row.trained, row.reason) == (True, "as the config asks")
    assert row.validation > 0.5
    assert row.label == "the nearest class mean"
    assert "The nearest class mean" in result.reports["report"].verified().read_text()


def test_every_shipped_strategy_passes_them_too():
    for kind in STRATEGIES.shipped[:3]:
        check_strategy(kind())
