"""A metric that lives outside the package: in a config, through a run, held to the shipped checks; and what is no metric."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.errors import ConfigErrors
from ntgate.flow import run
from ntgate.metrics import METRICS
from ntgate.metrics.base import Metric
from ntgate.metrics.row_mean import RowMean
from ntgate.testing import check_metric


class TopTwo(RowMean):
    """Whether the class is among the two of the greatest scores, half a point for the second."""

    kind: Literal["top_two"] = "top_two"
    label: ClassVar[str] = "top-two score"
    greater_is_better: ClassVar[bool] = True
    second: float = 0.5

    @property
    def bounds(self):
        return 0.0, 1.0

    def by_row(self, y, scores):
        order = np.argsort(-scores, axis=1)
        return (order[:, 0] == y) + self.second * (order[:, 1] == y)


class Undirected(TopTwo):
    kind: Literal["undirected"] = "undirected"
    greater_is_better: ClassVar[bool] = None


class Upside(TopTwo):
    kind: Literal["upside"] = "upside"
    greater_is_better: ClassVar[bool] = False


class Wide(TopTwo):
    kind: Literal["wide"] = "wide"

    def by_row(self, y, scores):
        return 10 * super().by_row(y, scores)


class Unfinished(Metric):
    kind: Literal["unfinished"] = "unfinished"
    greater_is_better: ClassVar[bool] = True


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setitem(sys.modules, "a_project", sys.modules[__name__])
    for kind in (TopTwo, Undirected, Upside, Wide, Unfinished):
        monkeypatch.setattr(kind, "__module__", "a_project")


def test_it_passes_the_shipped_checks():
    check_metric(TopTwo(), classes=("a", "b", "c"))


@pytest.mark.parametrize(("metric", "said"), [(Upside(), "right answers are better"), (Wide(), "no gain exceeds its span")])
def test_a_broken_promise_is_named(metric, said):
    with pytest.raises(AssertionError, match=said):
        check_metric(metric, classes=("a", "b", "c"))


@pytest.mark.parametrize("kind", METRICS.kinds)
def test_every_shipped_metric_passes_them_too(kind):
    check_metric(METRICS.read({"kind": kind, "costs": [[0, 1], [5, 0]]} if kind == "expected_cost" else kind))


def test_a_config_names_it_and_a_run_is_judged_by_it(project: Path):
    settings = ['gate.metric={kind: "a_project:TopTwo", second: 0.25}', "gate.seeds=1"]
    result = run(load(project / "config.yaml", settings), dry_run=True)
    assert result.metric == "top_two"
    assert result.metric_display.label == "top-two score"
    assert 0 < result.scratch.value < 1
    assert "top-two score" in (Path(result.directory) / "report.html").read_text()


def test_values_beyond_the_bounds_promote_nothing(project: Path):
    result = run(load(project / "config.yaml", ['gate.metric="a_project:Wide"', "gate.seeds=1"]), dry_run=True)
    assert result.outcome == "inconclusive"
    assert "have no wide between 0 and 1" in " ".join(finding.reason for finding in result.findings)


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("a_project:Undirected", "expected a metric that says greater_is_better, True or False, got Undirected, which does not"),
        ("a_project:Unfinished", "expected a metric that has judged, weighted, got Unfinished, which does not"),
        ("no_such_module:Metric", "expected a metric to import at no_such_module:Metric, got No module named"),
        ("a_project:pytest", "expected a subclass of ntgate.metrics.base.Metric"),
    ],
)
def test_what_is_no_metric_is_refused_in_one_sentence(project: Path, metric, said, capsys):
    with pytest.raises(ConfigErrors, match=r"gate\.metric") as caught:
        load(project / "config.yaml", [f'gate.metric="{metric}"'])
    assert said in str(caught.value)
    assert command(["run", "--inline", "--dry-run", str(project / "config.yaml"), "--set", f'gate.metric="{metric}"']) == 2


def test_an_entry_point_offers_one_and_two_that_claim_it_are_refused(project: Path, tmp_path: Path, monkeypatch):
    def offer(package, target):
        info = tmp_path / "site" / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ntgate.metrics]\ntop = {target}\n")

    offer("offers", "a_project:TopTwo")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert isinstance(load(project / "config.yaml", ["gate.metric=top"]).gate.metric, TopTwo)
    offer("claims", "a_project:Upside")
    with pytest.raises(ConfigErrors, match="expected one package that offers 'top', got claims and offers"):
        load(project / "config.yaml", ["gate.metric=top"])
