"""The whole flow in one process: the JSON contract, and what is left behind."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.export.runtime import class_names, scores_onnx
from ntgate.flow import run
from ntgate.registry.champion import champion
from ntgate.registry.client import connect
from ntgate.registry.history import history


def answer(project: Path, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict]:
    capsys.readouterr()
    code = command(["run", str(project / "config.yaml"), "--inline", "--json", *more])
    out = capsys.readouterr().out
    return code, json.loads(out)


def test_contract_field_by_field(project, capsys):
    code, result = answer(project, capsys)
    assert code == 0
    assert result["schema"] == 1
    assert result["outcome"] == "promoted"
    assert len(result["decision_id"]) == 64
    assert result["candidate"]["strategy"] == "committee"
    assert result["candidate"]["n"] == result["scratch"]["n"] == 600
    assert result["candidate"]["value"] > result["scratch"]["value"]
    assert result["candidate"]["seconds"] > 0
    assert result["scratch"]["seconds"] > 0
    assert result["champion"] is None
    assert result["gain"] == pytest.approx(result["candidate"]["value"] - result["scratch"]["value"])
    low, high = result["gain_interval"]
    assert 0 < low < result["gain"] < high
    assert 0 < result["p_value"] <= result["alpha"] == 0.05
    shift = result["shift"]
    assert shift["n_source"] == 700
    assert shift["n_target"] == 60
    assert shift["mmd2"] > 0
    assert 0 < shift["p_value"] <= 0.05
    assert 0 <= shift["proxy_a_distance"] <= 2
    assert {row["strategy"] for row in result["plan"]} == {
        "scratch",
        "network",
        "logistic",
        "fine_tuning",
        "feature_extraction",
        "linear_pool",
        "committee",
    }
    for row in result["plan"]:
        assert row["reason"]
        assert row["trained"] is True
        assert 0 <= row["validation"] <= 1
        assert row["seconds"] > 0
    gate = next(finding for finding in result["findings"] if finding["rule"] == "negative_transfer")
    assert gate["outcome"] == "pass"
    assert gate["measured"] == pytest.approx(low)
    assert gate["bound"] == 0.0
    assert gate["reason"]
    for arm in ("candidate", "scratch"):
        assert Path(result["onnx"][arm]).is_absolute()
        assert Path(result["onnx"][arm]).is_file()
    assert result["onnx"]["max_abs_diff"] < 1e-5
    assert result["registry"]["name"] == "reader"
    assert result["registry"]["version"] == "1"
    assert result["registry"]["alias"] == "champion"
    assert result["seconds"]["total"] > 0
    assert Path(result["reports"]["report"]).read_text(encoding="utf-8").startswith("<!")
    assert (result["registry"]["baseline"], result["registry"]["baseline_fault"]) == ("2", None)
    assert result["registry"]["page"] is None
    what_was_told_beside_the_verdict(result)
    what_mlflow_shows(project, result)
    what_can_be_told_of_it_later(project, result, capsys)


def what_was_told_beside_the_verdict(result: dict) -> None:
    """Every arm's weight, the learners of scratch and the constant guess on the test rows, and calibration."""
    weights = [row["weight"] for row in result["plan"] if row["weight"] is not None]
    assert sum(weights) == pytest.approx(1, abs=0.001)
    assert [one["strategy"] for one in result["learners"]] == ["network", "logistic"]
    for one in (*result["learners"], result["constant"]):
        assert one["gain"] == pytest.approx(result["candidate"]["value"] - one["value"])
        assert one["gain_interval"][0] < one["gain"] < one["gain_interval"][1]
    with np.load(Path(result["onnx"]["candidate"]).parent / "scores.npz") as kept:
        y, scores = kept["y"], kept["candidate"].astype(np.float64)
    told = result["calibration"]["candidate"]
    assert told["brier"] == pytest.approx(((scores - np.eye(10)[y]) ** 2).sum(axis=1).mean() / 2, abs=1e-5)
    assert told["log_loss"] == pytest.approx(-np.log(np.maximum(scores[np.arange(600), y], 0.01)).mean(), abs=1e-5)
    assert sum(one["rows"] for one in told["bins"]) == 600


def what_mlflow_shows(project: Path, result: dict) -> None:
    """The page of after the promotion, whole in itself; the note with what decided first; true times."""
    registry = connect(load(project / "config.yaml").registry, "reader")
    parent = registry.client.get_run(result["registry"]["run_id"])
    page = Path(registry.client.download_artifacts(parent.info.run_id, "report.html")).read_text(encoding="utf-8")
    assert page == Path(result["reports"]["report"]).read_text(encoding="utf-8")
    assert "Version 1 of reader now carries the alias champion." in page
    assert f'<h1 id="verdict">{result["sentence"]}</h1>' in page
    assert "Beats training from scratch" in page
    assert "How far apart the domains are" in page  # the drift report, in it
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', page))
    identifiers = re.findall(r'\bid="([^"]*)"', page)
    assert len(identifiers) == len(set(identifiers))
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(identifiers)
    assert len(page) < 2_000_000

    tags = parent.data.tags
    assert tags["ntgate.version"] == "1"
    note, began = tags["mlflow.note.content"], datetime.fromtimestamp(parent.info.start_time / 1000, UTC)
    assert "Version 1 of reader was given the alias champion." in note
    assert f"[Report](#/experiments/{parent.info.experiment_id}/runs/{parent.info.run_id}/artifacts/report.html)" in note
    points = f"{100 * result['gain']:+.1f}"
    assert parent.info.run_name == f"promoted {points} committee {began:%Y-%m-%d}"
    assert (tags["ntgate.gain"].split(" ")[0], tags["ntgate.strategy"]) == (points, "committee")
    assert parent.data.params == {
        "model.name": "reader",
        "model.backbone.kind": "mlp",
        "model.backbone.hidden": "[64]",
        "model.backbone.dropout": "0.1",
        "strategies": "fine_tuning, feature_extraction, linear_pool",
        "scratch": "network, logistic",
        "training.steps": "200",
        "training.source_steps": "200",
        "training.batch_size": "32",
        "training.folds": "2",
        "shift.permutations": "99",
        "shift.evidently": "false",
        "seed": "0",
    }
    files = {file.path for file in registry.client.list_artifacts(parent.info.run_id)}
    assert {"gains.png", "confusion.png", "reliability.png", "confusion.json", "scores.npz", "result.json"} <= files
    table = json.loads(Path(registry.client.download_artifacts(parent.info.run_id, "confusion.json")).read_text())
    assert table["columns"] == ["true", "answered", "candidate", "scratch"]
    right = sum(row[2] for row in table["data"] if row[0] == row[1])
    assert right / 600 == pytest.approx(result["candidate"]["value"])
    assert {model.model_id for model in parent.outputs.model_outputs} == {
        model.model_id for model in registry.client.search_logged_models([parent.info.experiment_id])
    }
    card = registry.client.get_model_version("reader", "1").description
    assert card.startswith(result["sentence"])
    for heading in ("How to load", "Data", "Shift", "Evidence", "Weakest classes", "Calibration", "Limits and checks"):
        assert f"**{heading}**" in card
    spent = (parent.info.end_time - parent.info.start_time) / 1000
    assert spent >= result["seconds"]["total"] - 1
    for child in registry.client.search_runs([parent.info.experiment_id], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'"):
        row = next(row for row in result["plan"] if row["strategy"] == child.info.run_name)
        assert (child.info.end_time - child.info.start_time) / 1000 == pytest.approx(row["seconds"], abs=0.01)
        assert child.data.metrics.get("weight") == row["weight"]
        judged = {"scratch": "scratch", result["candidate"]["strategy"]: "candidate"}.get(row["strategy"])
        told = result["calibration"][judged] if judged else {"log_loss": None, "brier": None}
        assert child.data.metrics.get("test_log_loss") == told["log_loss"]
        assert child.data.metrics.get("test_brier") == told["brier"]
        assert parent.info.start_time <= child.info.start_time <= child.info.end_time <= parent.info.end_time


def what_can_be_told_of_it_later(project: Path, result: dict, capsys: pytest.CaptureFixture[str]) -> None:
    """From its folder and from MLflow: the story, the same verdict from the stored scores, and what another run differs in."""
    folder, run_id = Path(result["directory"]), result["registry"]["run_id"]

    def told(*arguments: str) -> tuple[int, dict]:
        capsys.readouterr()
        code = command([*arguments, "--uri", f"sqlite:///{project}/mlflow.db", "--json"])
        return code, json.loads(capsys.readouterr().out)

    assert json.loads((folder / "result.json").read_text()) == result
    for run_of in (str(folder), str(folder / "decision.json"), run_id):
        code, replayed = told("replay", run_of)
        assert (code, replayed["identical"], replayed["now"], replayed["rows"]) == (0, True, "promoted", 600)
        code, explained = told("explain", run_of)
        story = explained["story"]
        assert code == 0
        assert story["verdict"] == [result["sentence"], "Version 1 of reader now carries the alias champion."]
        assert story["data"][1] == "Target: 60 labelled to learn from, 600 for the gate alone."
        assert any("(the candidate)" in line for line in story["trained"])
        rules = len(result["findings"])
        assert story["why"][0].startswith(f"{rules} of {rules} rules pass: ")
        assert list(story) == ["verdict", "data", "shift", "trained", "evidence", "why", "next", "load", "undo"]
    assert told("compare", str(folder), run_id)[1]["differences"] == []

    other = folder.parent / "other"
    other.mkdir()
    decision = json.loads((folder / "decision.json").read_text())

    def changed(*arguments: str) -> tuple[int, dict]:
        (other / "decision.json").write_text(json.dumps(decision))
        return told(*arguments)

    decision["decision"]["p_value"] = 0.5
    decision["config"]["seed"] = 7
    (other / "result.json").write_text(json.dumps({**result, "outcome": "rejected"}))
    (other / "scores.npz").write_bytes((folder / "scores.npz").read_bytes())
    code, replayed = changed("replay", str(other))
    assert code == 3
    assert replayed["differences"][0].startswith("p_value was 0.5 and is now ")
    differs = [(one["name"], one["values"]) for one in told("compare", str(folder), str(other))[1]["differences"]]
    assert differs == [("seed", [0, 7]), ("outcome", ["promoted", "rejected"])]
    decision["config"]["gate"]["rules"] = ["os.path:Rule"]
    code, refused = changed("replay", str(other))
    assert (code, refused["errors"][0]["got"]) == (2, "os.path:Rule")
    decision["config"]["gate"]["rules"] = []
    (other / "scores.npz").write_bytes(b"other")
    assert changed("replay", str(other))[0] == 5
    assert told("explain", str(project))[0] == 2


def test_a_reviewer_can_replay_the_comparison(project):
    result = run(load(project / "config.yaml"), dry_run=True)
    with np.load(project / "target_test.npz") as test:
        x, y = test["x"], test["y"]
    for arm, judged in (("candidate", result.candidate), ("scratch", result.scratch)):
        scores = scores_onnx(Path(result.onnx[arm]), x)
        names = np.array(class_names(Path(result.onnx[arm])))
        assert scores.sum(axis=1) == pytest.approx(np.ones(len(x)), abs=1e-5)
        assert np.mean(names[scores.argmax(axis=1)] == y.astype(str)) == pytest.approx(judged.value)


def test_dry_run_leaves_the_registry_alone(project, capsys):
    code, result = answer(project, capsys, "--dry-run")
    assert code == 0
    assert result["outcome"] == "promoted"
    assert result["registry"]["version"] is None
    with sqlite3.connect(project / "mlflow.db") as database:  # the ledger's alone: whoever looks at test rows, wears them
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        opened = database.execute("SELECT count(*) FROM ntgate_ledger_entries WHERE dry_run").fetchone()
    assert all(name.startswith(("ntgate_ledger_", "sqlite_")) for name in tables)
    assert opened == (2,)


def test_same_seed_same_decision(project):
    first, second = (run(load(project / "config.yaml"), dry_run=True) for _ in range(2))
    assert first.decision_id == second.decision_id
    assert first.gain == second.gain
    assert first.candidate.value == second.candidate.value


def test_a_run_repeated_after_its_own_promotion_leaves_the_registry_as_it_is(project, capsys):
    few = ("--set", "gate.champion_margin=0.001")  # so small that 600 equal answers would not rule a loss out
    _, first = answer(project, capsys, *few)
    assert (first["registry"]["version"], first["registry"]["unchanged"]) == ("1", False)
    code, second = answer(project, capsys, *few)
    registry = connect(load(project / "config.yaml").registry, "reader")
    assert second["champion"]["version"] == "1"
    assert second["champion"]["value"] == pytest.approx(second["candidate"]["value"])
    assert (code, second["outcome"]) == (0, "promoted")
    assert second["sentence"].startswith("This model is the champion already, version 1: nothing is promoted anew. ")
    assert (second["registry"]["version"], second["registry"]["alias"]) == ("1", "champion")
    assert second["registry"]["unchanged"] is True
    assert first["registry"]["baseline"] == second["registry"]["baseline"] == "2"
    assert [(entry.version, entry.champion, entry.state) for entry in history(registry)] == [
        ("2", False, "baseline"),
        ("1", True, "promoted"),
    ]


def test_worthless_labels_are_never_promoted(project, capsys):
    with np.load(project / "source.npz") as source:
        x, y = source["x"], source["y"]
    np.savez(project / "source.npz", x=x, y=np.random.default_rng(0).permutation(y))
    code, result = answer(project, capsys, "--set", "gate.alpha=0.01")
    assert code in (3, 4)
    assert result["outcome"] in ("rejected", "inconclusive")
    registry = connect(load(project / "config.yaml").registry, "reader")
    assert champion(registry) is None
    assert [(entry.version, entry.state) for entry in history(registry)] == [("1", "baseline")]
    assert (result["registry"]["version"], result["registry"]["baseline"]) == (None, "1")
    # The refusal is recorded.
    tags = registry.client.get_run(result["registry"]["run_id"]).data.tags
    assert tags["ntgate.outcome"] == result["outcome"]
    assert tags["mlflow.note.content"].startswith(f"**{result['outcome']}**: {result['sentence']}\n")


def test_few_test_rows_are_inconclusive(project, capsys):
    with np.load(project / "target_test.npz") as test:
        np.savez(project / "target_test.npz", x=test["x"][:5], y=test["y"][:5])
    code, result = answer(project, capsys, "--set", "registry.baseline=false")
    assert code == 4
    assert (result["registry"]["baseline"], result["registry"]["baseline_fault"]) == (None, None)
    assert history(connect(load(project / "config.yaml").registry, "reader")) == []
    finding = next(finding for finding in result["findings"] if finding["rule"] == "test_rows")
    assert finding["outcome"] == "inconclusive"
    assert "label at least 25 more" in finding["reason"]
    assert result["registry"]["version"] is None


def test_classes_that_the_source_lacks_leave_only_methods_without_a_shared_head(project, capsys):
    with np.load(project / "source.npz") as source:
        kept = source["y"] < 8
        np.savez(project / "source.npz", x=source["x"][kept], y=source["y"][kept])
    _, result = answer(project, capsys, "--dry-run", "--set", "strategies=[fine_tuning, domain_adversarial]")
    row = next(row for row in result["plan"] if row["strategy"] == "domain_adversarial")
    assert row["trained"] is False
    assert "the source has no class '8', '9'" in row["reason"]
    assert any(row["trained"] for row in result["plan"] if row["strategy"] != "scratch")


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1", "roc_auc"])
def test_every_metric_runs(project, metric):
    result = run(load(project / "config.yaml", [f"gate.metric={metric}", "gate.resamples=500"]), dry_run=True)
    assert result.metric == metric
    assert math.isfinite(result.gain)
    low, high = result.gain_interval
    assert low <= result.gain <= high


@pytest.mark.slow
def test_tables_with_categories_and_missing_values(shared_data, tmp_path):
    (tmp_path / "config.yaml").write_text(
        f"""
model: {{name: heart}}
data:
  source: {{path: {shared_data}/heart_disease/cleveland.csv}}
  target: {{path: {shared_data}/heart_disease/hungarian.csv}}
registry: {{uri: "sqlite:///mlflow.db"}}
training: {{steps: 100, source_steps: 100}}
shift: {{evidently: false, permutations: 99}}
"""
    )
    result = run(load(tmp_path / "config.yaml"), dry_run=True)
    assert result.shift["representation"] == "raw"
    assert result.onnx["max_abs_diff"] < 1e-5
    assert result.data["rows"]["test"] >= 100


def test_pupils_in_both_files_are_a_leak(shared_data, tmp_path, capsys):
    folder = shared_data / "student_performance"
    config = {
        "model": {"name": "pupils"},
        "data": {"source": {"path": str(folder / "mat.csv")}, "target": {"path": str(folder / "por.csv")}},
        "registry": {"uri": "sqlite:///mlflow.db"},
    }
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    code = command(["validate", str(tmp_path / "config.yaml"), "--json"])
    leakage = json.loads(capsys.readouterr().out)["leakage"]
    assert code == 0
    assert leakage["copies"]["taken"]["source"] == leakage["copies"]["tested"] >= 5
    assert len(leakage["positions"]) > 10, "the gate wants the gain without those that are nearly the same"


AGAIN = ("--set", "gate.ledger.policy=none")  # the same test rows, for another question


@pytest.mark.slow
def test_a_deleted_champion_needs_allow_first(project, capsys):
    assert answer(project, capsys)[0] == 0
    registry = connect(load(project / "config.yaml").registry, "reader")
    registry.client.delete_registered_model("reader")
    code, result = answer(project, capsys, "--set", "seed=1", *AGAIN)
    assert (code, result["outcome"], result["registry"]["version"]) == (4, "inconclusive", None)
    finding = next(finding for finding in result["findings"] if finding["rule"] == "champion")
    assert finding["reason"].endswith("made a champion, and its version is gone. Restore it, or run with --allow-first.")
    assert champion(registry) is None
    code, result = answer(project, capsys, "--set", "seed=1", "--allow-first", *AGAIN)
    # Version 1 is the baseline of the run before.
    assert (code, result["outcome"], result["registry"]["version"]) == (0, "promoted", "2")
    written = json.loads((Path(result["onnx"]["candidate"]).parent / "decision.json").read_text())
    assert written["first_allowed"] is True
    assert "made a champion" in written["champion_lost"]
