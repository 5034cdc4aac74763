"""An arm that leaves no network, from the config to a promoted version that others load."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import onnxruntime
import pytest

from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.flow import run
from ntgate.stages.result import RunResult


def assert_alike_everywhere(project: Path, config: RunConfig, result: RunResult, monkeypatch) -> None:
    """What onnxruntime alone and MLflow make of the test rows is what was judged."""
    with np.load(project / "target_test.npz") as content:
        x, y = content["x"], content["y"]
    running = onnxruntime.InferenceSession(result.onnx["candidate"], providers=["CPUExecutionProvider"])
    (scores,) = running.run(None, {"x": x})
    assert float(np.mean(scores.argmax(axis=1) == y)) == pytest.approx(result.candidate.value)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", config.registry.uri)
    served = mlflow.pyfunc.load_model("models:/reader@champion").predict(x)
    assert np.asarray(served) == pytest.approx(scores, abs=1e-6)


def test_a_linear_model_is_promoted_and_loaded_with_mlflow_and_with_onnxruntime_alone(project: Path, monkeypatch):
    config = load(project / "config.yaml", ["strategies=[{kind: linear_pool}]", "committee=null", "gate.seeds=2"])
    result = run(config)
    assert (result.outcome, result.candidate.strategy) == ("promoted", "linear_pool")
    assert_alike_everywhere(project, config, result, monkeypatch)


ALL = ["scratch=[network, logistic, forest, extra_trees, boosting]", "gate.seeds=2"]


@pytest.mark.slow
def test_the_committee_of_every_learner_is_promoted_and_scores_alike_everywhere(project: Path, monkeypatch):
    kinds = "[fine_tuning, feature_extraction, domain_adversarial, linear_pool, forest_pool, extra_trees_pool, boosting_pool]"
    config = load(project / "config.yaml", [f"strategies={kinds}", *ALL])
    result = run(config)
    assert (result.outcome, result.candidate.strategy) == ("promoted", "committee")
    trained = {planned.strategy: planned for planned in result.plan}
    assert len(trained) == 7 + 5 + 2
    aside = {name for name, planned in trained.items() if not planned.trained}
    assert aside == {"boosting", "boosting_pool"}
    assert "64 columns for each of 10 classes" in trained["boosting"].reason
    assert {planned.seeds for name, planned in trained.items() if name in ("scratch", "committee")} == {2}
    notes = trained["committee"].notes
    weights = [value for name, value in notes.items() if name.startswith("weight.")]
    assert len(weights) == 12 - len(aside)
    assert sum(weights) == pytest.approx(1, abs=1e-3)
    assert_alike_everywhere(project, config, result, monkeypatch)
    learners = next(finding for finding in result.findings if finding.rule == "target_learners")
    assert learners.outcome == "pass"
    assert all(name in learners.reason for name in ("network", "logistic", "forest", "extra trees"))


def test_a_committee_becomes_one_network_where_the_config_says_so(project: Path):
    config = load(project / "config.yaml", ["committee={distil: true}", "gate.seeds=1"])
    result = run(config, dry_run=True)
    assert result.compression.methods == ("distilled committee",)
    assert result.compression.after.parameters < result.compression.before.parameters
    whole, small = (Path(result.onnx[name]).stat().st_size for name in ("uncompressed", "candidate"))
    assert small < whole


def test_a_compression_of_networks_says_that_the_chosen_model_is_none(project: Path):
    settings = ["strategies=[{kind: linear_pool}]", "committee=null", "gate.seeds=1", "compression=[{kind: pruning}]"]
    config = load(project / "config.yaml", settings)
    result = run(config, dry_run=True)
    assert result.outcome == "inconclusive"
    reason = next(finding.reason for finding in result.findings if finding.rule == "compression")
    assert "expected a network, got the arm linear_pool" in reason
