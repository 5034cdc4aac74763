"""What version 0.2.0 has left is read: run folders as well as config, ledger and registry.

``ntgate-0.2.0.zip`` is a run of commit 9b2f90a that was promoted, and one of another model with few test rows that was not, for
which 0.2.0 then asked for labels; without weights.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ntgate.cli.app import run as command

LEFT = "ntgate-0.2.0.zip"
PROMOTED = Path("runs/reader/20261128-035552-f118a8")
ASKED = Path("runs/asker/20261128-035646-7fc816")
REGISTRY = "sqlite:///mlflow.db"


def label(row) -> str:
    """The truth of a row."""
    return "yes" if float(row["x0"]) * float(row["x1"]) + float(row["x2"]) * float(row["x3"]) > 0 else "no"


def test_its_config_is_valid_and_its_test_rows_are_worn(project, capsys):
    assert command(["validate", "retrain.yaml"]) == 0
    assert "have been used 1 of 1 times" in capsys.readouterr().out


def test_its_registry_is_read(project, capsys):
    assert command(["status", "reader", "--uri", REGISTRY, "--json"]) == 0
    champion = next(version for version in json.loads(capsys.readouterr().out)["versions"] if version["champion"])
    assert champion["decision_id"] == json.loads((PROMOTED / "result.json").read_text())["decision_id"]


def test_its_runs_are_explained_and_compared(project, capsys):
    assert command(["explain", str(PROMOTED)]) == 0
    assert "Gain over scratch: +21.0 points" in capsys.readouterr().out
    assert command(["compare", str(ASKED), str(PROMOTED)]) == 0
    assert "model.name" in capsys.readouterr().out


@pytest.mark.parametrize(("folder", "verdict"), [(PROMOTED, "promoted"), (ASKED, "inconclusive")])
def test_its_decisions_come_out_the_same(project, capsys, folder, verdict):
    assert command(["replay", str(folder)]) == 0
    assert capsys.readouterr().out.startswith(f"identical: {verdict}, ")


def test_a_number_that_differs_is_no_wording(project, capsys):
    path = PROMOTED / "decision.json"
    decision = json.loads(path.read_text())
    decision["decision"]["gain"] += 0.01
    path.write_text(json.dumps(decision))
    assert command(["replay", str(PROMOTED)]) == 3
    assert "  gain was " in capsys.readouterr().out


def test_labels_that_it_asked_for_are_judged(project, capsys):
    with (ASKED / "asked.csv").open() as file:
        rows = list(csv.DictReader(file))
    pd.DataFrame({"row_id": row["row_id"], "y": label(row)} for row in rows).to_csv("labels.csv", index=False)
    assert command(["judge", str(ASKED), "--labels", "labels.csv", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["outcome"] == "promoted"
    assert command(["status", "asker", "--uri", REGISTRY]) == 0
    assert "(* champion)" in capsys.readouterr().out


@pytest.mark.slow
def test_its_champion_is_compared_with(project, capsys):
    """Fresh test rows, a candidate of this version, and the champion of 0.2.0 scored again on them."""
    x = np.random.default_rng(9).normal(size=(200, 4))
    fresh = pd.DataFrame({f"x{i}": (1.1 * x[:, i] + 0.05).round(2) for i in range(4)})
    fresh.assign(y=[label(row) for row in fresh.to_dict("records")]).to_csv("fresh.csv", index=False)
    code = command(["run", "retrain.yaml", "--inline", "--json", "--set", "data.target_test.path=fresh.csv"])
    answer = json.loads(capsys.readouterr().out)
    assert code in (0, 3, 4)
    assert answer["champion"]["version"] == "1"
    assert answer["champion"]["value"] > 0.6
    assert command(["explain", answer["directory"]]) == 0
