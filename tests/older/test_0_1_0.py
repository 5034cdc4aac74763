"""What version 0.1.0 has left: each of its files is read, or refused in one sentence with an exit code that says why.

``ntgate-0.1.0.zip`` is a run of commit 1e3b2f8 that was promoted.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.data.records import row_keys
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.ledger.entries import Opening
from ntgate.ledger.ledger import Ledger
from ntgate.stages.domains import read_domains

LEFT = "ntgate-0.1.0.zip"
RUN = Path("runs/reader/20261127-093022-2855a2")
REGISTRY = "sqlite:///mlflow.db"


def one_sentence(captured) -> str:
    """What was said of a refusal."""
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("error: ")
    assert line.endswith(".")
    return line


def test_its_config_is_valid_and_its_ledger_known(project, capsys):
    assert command(["validate", "retrain.yaml"]) == 0
    told = capsys.readouterr().out
    assert "retrain.yaml is valid" in told
    assert "have been used 1 of 1 times" in told


def test_its_test_rows_are_worn_for_a_new_run(project, capsys):
    assert command(["run", "retrain.yaml", "--inline"]) == 4
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: test rows: expected test rows on which a new model can be judged, got worn ones.")
    assert not [
        folder for folder in (project / "runs" / "reader").iterdir() if folder.name != RUN.name and any(folder.glob("*.onnx"))
    ]


def test_its_entries_count_as_they_did(project):
    """The very comparison of 0.1.0 is known, at its level and on its rows; any other finds them worn."""
    ledger = Ledger(REGISTRY)
    opened, closed = ledger.entries("reader")
    assert (opened.kind, opened.rows, opened.alpha, closed.outcome) == ("opened", 200, 0.05, "promoted")
    rows = row_keys(read_domains(load(project / "retrain.yaml")).domains["test"])
    asked = Opening(
        model="reader",
        decision_id=opened.decision_id,
        comparison=opened.comparison,
        config=LedgerConfig(),
        alpha=0.05,
        min_test_rows=30,
    )
    again = ledger.open(asked, rows)
    assert (again.entry, again.alpha, again.passed, again.rows) == (opened.id, 0.05, True, None)
    other = ledger.open(asked.model_copy(update={"comparison": "another", "decision_id": "another"}), rows)
    assert other.closed
    assert len(ledger.entries()) == 2


def test_its_registry_is_read(project, capsys):
    assert command(["status", "reader", "--uri", REGISTRY]) == 0
    told = capsys.readouterr().out
    assert "200 test rows at 0.05 (spend)" in told
    assert command(["status", "reader", "--uri", REGISTRY, "--json"]) == 0
    (version,) = json.loads(capsys.readouterr().out)["versions"]
    assert (version["version"], version["champion"]) == ("1", True)
    assert version["decision_id"] == json.loads((RUN / "decision.json").read_text())["decision_id"]


@pytest.mark.parametrize(
    "words",
    [
        ("explain", str(RUN)),
        ("explain", "run.json"),
        ("replay", str(RUN)),
        ("compare", str(RUN), str(RUN)),
        ("ask", str(RUN), "--rows", "target.csv"),
        ("judge", str(RUN), "--labels", "target.csv"),
    ],
)
def test_its_run_folder_is_refused_in_one_sentence(project, capsys, words):
    before = sorted(project.rglob("*"))
    assert command(list(words)) == 2
    assert "run" in one_sentence(capsys.readouterr())
    assert sorted(project.rglob("*")) == before


@pytest.mark.slow
def test_its_champion_is_compared_with(project, capsys):
    """Fresh test rows, a candidate of this version, and the champion of 0.1.0 scored again on them."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(200, 4))
    label = np.where(x @ [1, -1, 0.5, 2] + 0.2 * rng.normal(size=200) > 0, "yes", "no")
    pd.DataFrame({**{f"x{i}": (1.3 * x[:, i] + 0.3).round(3) for i in range(4)}, "y": label}).to_csv("fresh.csv", index=False)
    code = command(["run", "retrain.yaml", "--inline", "--json", "--set", "data.target_test.path=fresh.csv"])
    answer = json.loads(capsys.readouterr().out)
    assert code in (0, 3, 4)
    assert answer["champion"]["version"] == "1"
    assert answer["champion"]["value"] > 0.8
    assert command(["explain", answer["directory"]]) == 0
