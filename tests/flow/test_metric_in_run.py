"""A loss as the gate's metric, from the config through training to the registry's numbers and the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ntgate.config_file import load
from ntgate.errors import DataError
from ntgate.flow import run


@pytest.mark.parametrize("kind", ["log_loss", "expected_cost"])
def test_a_run_is_judged_by_a_loss(project: Path, kind: str):
    metric = kind
    if kind == "expected_cost":
        classes = len(np.unique(np.load(project / "target.npz")["y"]))
        costs = (1 + np.arange(classes))[:, None] * (1 - np.eye(classes))
        metric = f"{{kind: expected_cost, costs: {costs.tolist()}, answer: least_cost}}"
    result = run(load(project / "config.yaml", [f"gate.metric={metric}", "gate.seeds=1", "committee=null"]), dry_run=True)
    assert result.metric == kind
    assert not result.metric_display.greater_is_better
    assert result.gain == pytest.approx(result.scratch.value - result.candidate.value)
    trained = [row for row in result.plan if row.trained]
    assert all(row.validation >= 0 for row in trained)
    arms = [row for row in trained if row.strategy in ("fine_tuning", "feature_extraction", "linear_pool")]
    assert min(arms, key=lambda row: row.validation).strategy == result.candidate.strategy
    page = (Path(result.directory) / "report.html").read_text()
    assert f"{result.candidate.value:.3f}" in page


def test_costs_of_other_classes_end_a_run_before_it_trains(project: Path):
    config = load(project / "config.yaml", ["gate.metric={kind: expected_cost, costs: [[0, 1], [5, 0]], classes: [x, y]}"])
    with pytest.raises(DataError, match="costs of the target's classes"):
        run(config, dry_run=True)
