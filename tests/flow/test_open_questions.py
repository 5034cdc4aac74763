"""A run whose files leave something open is judged by nothing: its test rows stay as fresh as they were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from ntgate.cli.run import verdict
from ntgate.config_file import load
from ntgate.errors import ConfigError
from ntgate.flow import run
from ntgate.ledger.ledger import Ledger
from ntgate.report.words import next_steps
from ntgate.stages.ask import ask
from ntgate.stages.frozen_run import frozen_run


def doubtful(seed: int, n: int) -> pd.DataFrame:
    """Rows with a label that is perhaps a class, and perhaps another spelling of one."""
    x = np.random.default_rng(seed).normal(size=(n, 3)).round(4)
    label = np.where(x.sum(axis=1) > 0, "good", "bad")
    return pd.DataFrame(x, columns=list("abc")).assign(
        label=np.where(label == "good", np.where(x[:, 0] > 1, "Good", "good"), label)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, (name, n) in enumerate({"source": 300, "target": 80, "test": 120}.items()):
        doubtful(seed, n).to_csv(tmp_path / f"{name}.csv", index=False)
    config = {
        "model": {"name": "reader", "backbone": {"kind": "mlp", "hidden": [16]}},
        "data": {"source": {"path": "source.csv"}, "target": {"path": "target.csv"}, "target_test": {"path": "test.csv"}},
        "registry": {"uri": "sqlite:///mlflow.db"},
        "strategies": ["linear_pool"],
        "scratch": ["logistic"],
        "gate": {"seeds": 1},
        "training": {"steps": 40, "source_steps": 40, "folds": 2},
        "shift": {"permutations": 99, "evidently": False},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    return tmp_path


def test_no_test_row_is_opened_until_the_questions_are_answered(folder):
    from ntgate.report.content import RunReport

    ledger = Ledger(f"sqlite:///{folder / 'mlflow.db'}")
    asked = run(load(folder / "config.yaml"))
    assert asked.outcome == "inconclusive"
    assert asked.sentence.startswith("No test row was opened, so none is worn: what the files leave open has to be said first.")
    assert "write `label_map: {" in asked.sentence
    assert asked.alarms[0] in verdict(asked)[1], "the summary of the command"
    assert asked.gain is asked.p_value is None
    assert asked.labels == {}, "`ntgate ask` could change nothing"
    assert next_steps(RunReport.of({**asked.as_json(), "data": []}))[1:] == (
        "Answer that in the config, then run again: `ntgate validate` asks the same beforehand.",
    )
    assert ledger.entries("reader") == []
    with pytest.raises(ConfigError, match=r"reading: The files leave open one thing .*; see to it, and run again"):
        ask(frozen_run(asked.directory), str(folder / "target.csv"), None, None)

    told = run(load(folder / "config.yaml", ("data.label_map={good: Good}",)))
    assert told.gain is not None
    assert [(one.kind, one.rows) for one in ledger.entries("reader")] == [("opened", 120), ("closed", 120)]
