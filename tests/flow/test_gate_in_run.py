"""The gate's promise through whole runs: worn test rows, withheld results, streams, folds, slices and groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ntgate.cli.app import run as command
from ntgate.ledger.ledger import Ledger

QUICK = ("training.steps=120", "training.source_steps=120", "gate.seeds=1", "strategies=[{kind: linear_pool}]")

STREAM = (
    "gate.ledger.policy=e_process",
    "gate.alpha=0.01",
    "strategies=[{kind: linear_pool}]",
    "training.steps=200",
    "training.source_steps=200",
)


def ran(project: Path, capsys, *settings: str) -> tuple[int, dict]:
    """Exit code and answer of a run with these settings."""
    options = [setting for setting in settings if setting.startswith("--")]
    more = [part for setting in (*QUICK, *settings) if setting not in options for part in ("--set", setting)]
    code = command(["run", str(project / "config.yaml"), "--inline", "--json", *more, *options])
    return code, json.loads(capsys.readouterr().out)


def finding(result: dict, rule: str) -> dict:
    return next(found for found in result["findings"] if found["rule"] == rule)


def test_a_second_decision_on_the_same_rows_is_inconclusive(project, capsys):
    code, first = ran(project, capsys)
    assert (code, first["outcome"]) == (0, "promoted")
    code, again = ran(project, capsys)  # the same models: nothing new is asked
    assert code == 0
    assert "opened before" in finding(again, "wear")["reason"]
    code, stopped = ran(project, capsys, "seed=1")
    assert (code, stopped["outcome"]) == (4, "inconclusive")
    message = stopped["errors"][0]["message"]
    assert "Label at least 30 fresh test rows; 600 make the test as sharp as it was." in message
    assert "None of the 600 test rows may be opened: about 678 fresh ones show a gain of 3 points" in message
    assert "add --force" in message
    newest = max(project.glob("runs/reader/*"), key=lambda folder: folder.stat().st_mtime)
    assert not list(newest.glob("models/*")), "nothing was trained"
    code, second = ran(project, capsys, "seed=1", "--force")
    assert (code, second["outcome"]) == (4, "inconclusive")
    assert "Label at least 30 fresh test rows" in finding(second, "wear")["reason"]
    assert second["gain"] is second["p_value"] is second["candidate"]["value"] is None
    assert finding(second, "negative_transfer")["reason"] == "Nothing to compare: the test rows stayed closed."
    assert finding(second, "champion")["outcome"] == "inconclusive"
    assert second["registry"]["version"] is None


def test_a_model_whose_budget_is_spent_is_not_trained(project, capsys):
    from ntgate.gate.ledger_config import LedgerConfig
    from ntgate.ledger.entries import Opening
    from ntgate.ledger.ledger import Ledger

    ledger = Ledger(f"sqlite:///{project / 'mlflow.db'}")
    opening = Opening(model="reader", decision_id="a", comparison="a", config=LedgerConfig(), alpha=0.05, min_test_rows=1)
    ledger.open(opening, np.array([f"{i:032x}" for i in range(50)], "S32"))
    code, stopped = ran(project, capsys, "gate.ledger.budget.decisions=12")
    assert (code, stopped["outcome"]) == (4, "inconclusive")
    message = stopped["errors"][0]["message"]
    assert message.startswith("gate.ledger.budget: expected something left of it for another decision, got nothing. ")
    assert "1 decision has spent 0.05, the oldest on " in message
    assert "add --force to train without a chance to be promoted" in message
    assert not list(project.glob("runs/reader/*/models/*")), "nothing was trained"
    assert command(["validate", str(project / "config.yaml"), "--set", "gate.ledger.budget={decisions: 12, alpha: 0.2}"]) == 0
    assert "decision 2 of this model within 360 days, of 12 declared" in capsys.readouterr().out
    assert command(["status", "reader", "--uri", ledger.uri]) == 0
    assert "account   1 decision has opened rows within 360 days, at levels of 0.05 together" in capsys.readouterr().out


def test_wear_is_told_before_a_run(project, capsys):
    def told(*command_line: str) -> tuple[int, str]:
        code = command([*command_line, str(project / "config.yaml")])
        return code, capsys.readouterr().out

    status = ["status", "reader", "--uri", f"sqlite:///{project / 'mlflow.db'}"]
    with np.load(project / "target_test.npz") as test:
        x, y = test["x"], test["y"]
    np.savez(project / "target_test.npz", x=x, y=np.random.default_rng(0).permutation(y))  # nothing can be shown
    _, result = ran(project, capsys)
    reason = finding(result, "negative_transfer")["reason"]
    assert "more than now" not in reason
    code, text = told("plan")
    assert code == 0
    assert "These 600 test rows have been used 1 of 1 times: nothing is left of alpha 0.05." in text
    assert "None of the 600 test rows may be opened: about 678 fresh ones" in text
    assert "None of the 600 test rows may be opened" in told("validate")[1]
    assert command(status) == 0
    assert "`ntgate validate CONFIG` says how many fresh ones to label" in capsys.readouterr().out
    np.savez(project / "target_test.npz", x=x[200:], y=y[200:])
    assert "None of the 400 test rows" in told("validate")[1]
    np.savez(project / "target_test.npz", x=np.concatenate([x, x[:100] / 2]), y=np.concatenate([y, y[:100]]))
    assert "The 100 of 700 test rows that are left show a gain of 3 points" in told("validate")[1]


def test_what_does_not_pass_within_a_horizon_is_withheld_everywhere(project, capsys):
    with np.load(project / "target_test.npz") as test:
        x, y = test["x"], test["y"]
    np.savez(project / "target_test.npz", x=x, y=np.random.default_rng(0).permutation(y))  # nothing can be shown
    code, result = ran(project, capsys, "gate.ledger.horizon=52")
    assert (code, result["outcome"]) == (4, "inconclusive")
    assert result["candidate"]["value"] is result["scratch"]["value"] is result["gain"] is result["p_value"] is None
    assert {found["rule"] for found in result["findings"]} == {"wear", "test_rows", "reading", "labels", "withheld"}
    assert (result["learners"], result["constant"], result["calibration"]) == ([], None, {})
    assert result["registry"]["baseline"] == "1"
    decision = json.loads((Path(result["directory"]) / "decision.json").read_text())["decision"]
    assert decision["gain"] is None
    assert decision["outcome"] == "inconclusive"
    page = Path(result["reports"]["report"]).read_text()
    assert "withheld" in page
    assert "only the candidate gets right" not in page
    assert "Brier" not in page


@pytest.mark.slow
def test_a_stream_of_fresh_rows_adds_up(project, capsys):
    with np.load(project / "target_test.npz") as test:
        x, y = test["x"], test["y"]
    rows = []
    for until in (40, 120, 120, 600):
        np.savez(project / "target_test.npz", x=x[:until], y=y[:until])
        _, result = ran(project, capsys, *STREAM)
        rows.append(result["candidate"]["n"])
        reason = finding(result, "wear")["reason"]
    assert rows == [40, 120, 120, 600]
    assert "the gain is over 600 rows of the stream" in finding(result, "negative_transfer")["reason"].lower()
    assert reason == "480 of 600 test rows are fresh for this candidate; it has bet on 120 before."
    assert result["outcome"] == "promoted"


@pytest.mark.slow
def test_a_stream_whose_run_died_after_the_verdict_is_promoted_by_the_next(project, capsys):
    """A dry run leaves the ledger as a run does that dies before the promotion."""
    several = ("gate.seeds=2", "training.steps=120", "training.source_steps=120")
    code, first = ran(project, capsys, *STREAM, *several, "--dry-run")
    assert (code, first["outcome"], first["candidate"]["n"]) == (0, "promoted", 600)
    code, again = ran(project, capsys, *STREAM, *several)
    assert (code, again["outcome"], again["registry"]["version"]) == (0, "promoted", "1")
    assert again["decision_id"] == first["decision_id"]
    for key in ("gain", "gain_interval", "p_value", "over_seeds", "sentence"):
        assert again[key] == first[key], key
    assert "opened before" in finding(again, "wear")["reason"]
    code, third = ran(project, capsys, *STREAM, *several)  # and again, when its model is the champion already
    assert (code, third["outcome"], third["registry"]["version"]) == (0, "promoted", "1")
    assert third["registry"]["unchanged"]


def test_swapped_labels_are_on_every_page_and_nothing_is_promoted_until_they_are_meant(project, capsys):
    rows, labels = [], []
    for name in ("target", "target_test"):
        with np.load(project / f"{name}.npz") as kept:
            rows.append(kept["x"])
            labels.append(np.where(kept["y"] == 3, 8, np.where(kept["y"] == 8, 3, kept["y"])))
    x, y = np.concatenate(rows), np.concatenate(labels)
    np.savez(project / "target.npz", x=x[:400], y=y[:400])
    np.savez(project / "target_test.npz", x=x[400:], y=y[400:])
    code, result = ran(project, capsys, "gate.champion_margin=0.5")
    assert code == 4
    assert finding(result, "labels")["outcome"] == "inconclusive"
    assert result["sentence"].startswith(
        "No test row was opened, so none is worn: labels that look swapped have to be seen to first."
    )
    assert Ledger(f"sqlite:///{project / 'mlflow.db'}").entries() == []
    (alarm,) = [told for told in result["alarms"] if "look swapped" in told]
    from mlflow import MlflowClient

    tags = MlflowClient(f"sqlite:///{project / 'mlflow.db'}").get_run(result["registry"]["run_id"]).data.tags
    assert alarm in tags["ntgate.alarms"]
    assert "'3' like '8'" in alarm or "target class '3' looks like source class '8'" in alarm
    assert alarm in result["sentence"]
    page = Path(result["reports"]["report"]).read_text(encoding="utf-8")
    assert page.count("swapped_labels: accept") >= 2, "the headline and the next steps"
    _, meant = ran(project, capsys, "gate.swapped_labels=accept", "gate.champion_margin=0.5")
    assert finding(meant, "labels")["outcome"] == "pass"
    assert meant["gain"] is not None
    assert not [told for told in meant["alarms"] if "swapped" in told]


def test_scratch_takes_the_place_of_a_collapsed_champion(project, capsys, digits):
    from ntgate.registry.champion import champion
    from ntgate.registry.client import connect
    from ntgate.registry.config import RegistryConfig

    small = ("scratch=[logistic]", "gate.champion_margin=0.5", "gate.on_collapse=scratch")
    assert ran(project, capsys, *small)[0] == 0
    x, y = digits
    scrambled = x.reshape(len(x), -1)[:, np.random.default_rng(0).permutation(64)]
    np.savez(project / "target.npz", x=scrambled[800:1000], y=y[800:1000])
    np.savez(project / "target_test.npz", x=scrambled[1000:1400], y=y[1000:1400])
    code, result = ran(project, capsys, *small)
    assert (code, result["outcome"], result["registry"]["version"]) == (0, "promoted", "3")
    assert result["sentence"].startswith("Training from scratch takes the place of the champion, which it beats by ")
    (alarm,) = [told for told in result["alarms"] if "The champion has collapsed on this target: " in told]
    assert alarm in result["sentence"]
    assert result["replacement"]["gain"] > 0.3
    registry = connect(RegistryConfig(uri=f"sqlite:///{project / 'mlflow.db'}"), "reader")
    found = champion(registry)
    tags = registry.client.get_model_version("reader", found.version).tags
    assert (found.version, tags["ntgate.strategy"]) == ("3", "scratch")
    run = registry.client.get_run(result["registry"]["run_id"]).data.tags
    assert alarm in run["ntgate.alarms"]
    assert "The champion has collapsed" in run["mlflow.note.content"].replace("\\", "")
    page = Path(result["reports"]["report"]).read_text(encoding="utf-8")
    assert page.count("The champion has collapsed on this target") >= 2, "the headline and the next steps"
    command(["explain", result["directory"]])
    assert "The champion has collapsed" in capsys.readouterr().out
    assert command(["replay", result["directory"]]) == 0
    assert capsys.readouterr().out.startswith("identical: promoted, ")
    code, again = ran(project, capsys, *small)
    assert (code, again["outcome"], again["registry"]["version"]) == (0, "promoted", "3")
    assert again["registry"]["unchanged"]
    assert "Training from scratch has taken the place of a champion that had collapsed, and is the champion." in again["sentence"]
    assert champion(registry).version == "3"
    assert command(["explain", again["directory"]]) == 0
    assert "There is nothing to undo" in capsys.readouterr().out
    assert command(["replay", again["directory"]]) == 0


def test_a_small_target_is_judged_by_folds(project, capsys):
    config = (project / "config.yaml").read_text()
    (project / "config.yaml").write_text(config.replace("target_test:", "unlabelled:"))
    code, result = ran(project, capsys, "gate.cross_fitting={folds: 2, repeats: 3}", "gate.champion_margin=0.5")
    assert code in (0, 3, 4)
    assert result["candidate"]["n"] == 60  # every labelled target row
    reason = finding(result, "negative_transfer")["reason"]
    assert "in 3 divisions into 2 folds" in reason
    assert result["gain"] == pytest.approx(result["candidate"]["value"] - result["scratch"]["value"])
    assert finding(result, "seeds")["outcome"] == "pass"
    assert "test" not in result["data"]["rows"]


def test_cross_fitting_is_for_targets_without_test_rows(project, capsys):
    code, answer = ran(project, capsys, "gate.cross_fitting={folds: 3}")
    assert code == 2
    assert "data.target_test" in answer["errors"][0]["message"]


def test_slices_and_groups_of_a_column(project, capsys):
    for name in ("target", "target_test"):
        with np.load(project / f"{name}.npz") as kept:
            x, y = kept["x"], kept["y"]
        sites = np.array([f"{name}-{number % 40}" for number in range(len(y))])
        np.savez(project / f"{name}.npz", x=x, y=y, site=sites, side=np.where(np.arange(len(y)) % 2, "left", "right"))
    settings = [f"data.{name}.{key}" for name in ("target", "target_test") for key in ("group=site", "keep=[side]")]
    code, result = ran(project, capsys, *settings, "gate.slices=[side]")
    assert code in (0, 4)
    assert "40 groups of rows were compared as wholes" in finding(result, "negative_transfer")["reason"]
    sides = [found["rule"] for found in result["findings"] if found["rule"].startswith("slice")]
    assert sides == ["slice side=left, against scratch", "slice side=right, against scratch"]


def test_a_slice_that_does_not_exist_is_refused_before_any_training(project, capsys):
    code, answer = ran(project, capsys, "gate.slices=[town]")
    assert code == 5
    assert "town" in answer["errors"][0]["message"]
    assert not list(project.glob("runs/reader/*/models"))


def test_a_server_without_a_ledger_is_refused_before_any_training(project, capsys):
    code, answer = ran(project, capsys, "registry.uri=http://127.0.0.1:9")
    assert code == 2
    assert answer["errors"][0]["path"] == "gate.ledger.uri"
    assert not list(project.glob("runs/reader/*/models"))
