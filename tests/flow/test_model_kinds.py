"""An arm that leaves no network, from the config to a promoted version that others load."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import onnxruntime
import pytest

from ntgate.config import load
from ntgate.flow import run


def test_a_linear_model_is_promoted_and_loaded_with_mlflow_and_with_onnxruntime_alone(project: Path):
    config = load(project / "config.yaml", ["strategies=[{kind: linear_pool}]", "gate.seeds=2"])
    result = run(config)
    assert (result.outcome, result.candidate.strategy) == ("promoted", "linear_pool")
    with np.load(project / "target_test.npz") as content:
        x, y = content["x"], content["y"]
    running = onnxruntime.InferenceSession(result.onnx["candidate"], providers=["CPUExecutionProvider"])
    (scores,) = running.run(None, {"x": x})
    assert float(np.mean(scores.argmax(axis=1) == y)) == pytest.approx(result.candidate.value)
    mlflow.set_tracking_uri(config.registry.uri)
    served = mlflow.pyfunc.load_model("models:/reader@champion").predict(x)
    assert np.asarray(served) == pytest.approx(scores, abs=1e-6)


def test_a_compression_of_networks_says_that_the_chosen_model_is_none(project: Path):
    config = load(
        project / "config.yaml", ["strategies=[{kind: linear_pool}]", "gate.seeds=1", "compression=[{kind: pruning}]"]
    )
    result = run(config, dry_run=True)
    assert result.outcome == "inconclusive"
    reason = next(finding.reason for finding in result.findings if finding.rule == "compression")
    assert "expected a network, got the arm linear_pool" in reason
