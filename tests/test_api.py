"""ntgate from Python: a run on tables in memory, the verdict about two models' answers, and an import that costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ntgate
from ntgate.errors import ConfigError, ConfigErrors, DataError

Y = np.array(["no", "yes"] * 100)


def wrong(share: float, seed: int) -> np.ndarray:
    other = np.where(Y == "no", "yes", "no")
    return np.where(np.random.default_rng(seed).random(200) < share, other, Y)


def table(x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(x.reshape(len(x), -1)[:, 8:40], columns=[f"c{i}" for i in range(32)]).assign(digit=y.astype(str))


def test_a_run_on_tables_in_memory(digits, tmp_path, monkeypatch):
    x, y = digits
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    result = ntgate.run(
        {"strategies": ["linear_pool"], "scratch": ["logistic"], "training": {"folds": 3}, "gate": {"alpha": 0.04}},
        source=table(x[:600], y[:600]),
        target=table(0.2 + 0.7 * x[600:680], y[600:680]),
        target_test=table(0.2 + 0.7 * x[700:1000], y[700:1000]),
        label="digit",
        model="reader",
        gate={"seeds": 1},
        shift={"permutations": 99, "evidently": False},
        dry_run=True,
        progress=False,
    )
    assert (result.alpha, result.scratch.n, result.data["rows"]["source"]) == (0.04, 300, 600)
    assert result.outcome.upper() in result._repr_html_()
    assert Path(result.directory).parent == tmp_path / "runs" / "reader"
    assert len(list((tmp_path / "runs" / "tables").glob("*.parquet"))) == 3
    assert json.loads((Path(result.directory) / "result.json").read_text()) == json.loads(json.dumps(result.as_json()))
    assert (result.registry["version"], result.registry["run_id"]) == (None, None)


def test_what_no_run_can_be_made_of():
    with pytest.raises(ConfigErrors, match=r"data\.target: expected a value"):
        ntgate.run(source=pd.DataFrame({"y": [1]}), label="y")
    with pytest.raises(ConfigError, match=r"source: expected a pandas\.DataFrame, a path or a mapping, got int"):
        ntgate.run(source=3)
    with pytest.raises(DataError, match=r"^target: expected a table whose columns are each of one kind"):
        ntgate.run(target=pd.DataFrame({"y": [1, "a"]}))


def test_labels_and_scores_judge_alike():
    better, worse = wrong(0.05, 1), wrong(0.25, 2)
    by_label = ntgate.gate(Y, better, worse, champion=wrong(0.2, 3), slices={"half": np.arange(200) // 100})
    scores = [np.eye(2)[(one == "yes").astype(int)] for one in (better, worse, wrong(0.2, 3))]
    by_score = ntgate.gate(Y, *scores[:2], champion=scores[2], slices={"half": np.arange(200) // 100})
    assert by_label == by_score
    assert by_label.outcome == "promoted"
    assert {f.rule for f in by_label.findings} >= {"slice half=0, against champion", "champion", "negative_transfer"}
    assert by_label._repr_html_().count("<tr>") == len(by_label.findings)
    assert ntgate.gate(Y, better, worse, groups=np.arange(200) // 100).outcome == "inconclusive"  # two groups show nothing
    assert ntgate.gate(Y, scores[0], scores[1], metric="log_loss", classes=["no", "yes"]).metric.kind == "log_loss"


def test_arrays_that_do_not_belong_together():
    with pytest.raises(DataError, match=r"candidate: expected a label for each of 200 rows, or scores \(200, 2\)"):
        ntgate.gate(Y, Y[:5], Y)
    with pytest.raises(DataError, match=r"^y: expected labels \(n,\), all of them among the classes"):
        ntgate.gate(Y, Y, Y, classes=["a", "b"])
    with pytest.raises(DataError, match=r"^slices sex: expected a key for each of 200 rows"):
        ntgate.gate(Y, Y, Y, slices={"sex": ["f"]})
    with pytest.raises(ConfigErrors, match=r"^alpah: expected .*alpha"):
        ntgate.gate(Y, Y, Y, alpah=0.1)


def test_the_import_is_light_and_the_package_stays_a_package():
    told = (
        "import sys, ntgate; heavy = {'numpy', 'pandas', 'torch', 'mlflow', 'pydantic'} & set(sys.modules); "
        "import ntgate.gate.finding; assert callable(ntgate.gate); print(sorted(heavy), ntgate.gate.finding.TITLES['wear'])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "[] The test rows are not worn out\n"
