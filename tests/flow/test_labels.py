"""An inconclusive run, the rows that decide, their labels in batches, and the promotion: with a real registry and ledger."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

import ntgate
from ntgate.cli.app import cli
from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.errors import ChampionMovedError, ConfigError, DataError, LostError, WornError
from ntgate.flow import run
from ntgate.gate.decision import withheld
from ntgate.gate.finding import Finding
from ntgate.ledger.ledger import Ledger
from ntgate.registry.champion import champion
from ntgate.registry.client import connect
from ntgate.stages.ask import ask
from ntgate.stages.askable import rules_to_ask
from ntgate.stages.frozen_run import frozen_run
from ntgate.stages.judge import judge
from tests.conftest import write_project

POOL = slice(930, 1797)


def veiled(x: np.ndarray) -> np.ndarray:
    rows = x.reshape(len(x), -1)
    return np.clip(0.15 + 0.7 * rows + np.random.default_rng(5).normal(0, 0.05, rows.shape), 0, 1).astype(np.float32)


class Run:
    """A finished run in a folder of its own, with its pool and the truth of it."""

    def __init__(self, folder: Path, y: np.ndarray, uri: str | None = None) -> None:
        self.folder, self.y = folder, y
        (self.path,) = [one for one in (folder / "runs" / "reader").iterdir() if (one / "history.json").exists()]
        self.uri = uri or f"sqlite:///{folder / 'mlflow.db'}"

    @property
    def frozen(self):
        return frozen_run(str(self.path), self.uri)

    def ask(self, pool: str = "pool.npz", budget: int | None = None):
        return ask(self.frozen, str(self.folder / pool), budget, None)

    def labels(self, first: int, last: int, turn: bool = False) -> str:
        """The truth of the rows asked for from ``first`` to ``last``."""
        asked = json.loads((self.path / "asked.json").read_text())
        with np.load(self.folder / "pool.npz") as pool:
            rows = pool["x"]
        table = pd.read_csv(self.path / "asked.csv", dtype={"row_id": str})
        values = table[[f"x{i}" for i in range(64)]].to_numpy()
        truth = [int(self.y[np.abs(rows - one).sum(axis=1).argmin()]) for one in values]
        assert table["row_id"].tolist() == asked["ids"]
        wanted = table[["row_id"]].assign(label=[str((one + turn) % 10) for one in truth])[first:last]
        wanted.to_csv(self.folder / "labels.csv", index=False)
        return str(self.folder / "labels.csv")

    @property
    def spent(self) -> list[str]:
        return [f"{one.kind} {one.outcome}" for one in Ledger(self.uri).entries("reader")]

    @property
    def champion(self) -> str | None:
        found = champion(connect(load(self.folder / "config.yaml").registry.model_copy(update={"uri": self.uri}), "reader"))
        return None if found is None else found.version


@pytest.fixture(scope="module")
def inconclusive(tmp_path_factory, digits) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    made_inconclusive(folder, digits)
    return folder


def made_inconclusive(folder: Path, digits: tuple[np.ndarray, np.ndarray], **registry: str) -> None:
    """A finished run in ``folder``, whose test rows are too few to show what 300 labels leave of the source's use."""
    x, y = digits
    write_project(folder, x, y)
    rows = veiled(x)
    np.savez(folder / "target.npz", x=rows[580:880], y=y[580:880])
    np.savez(folder / "target_test.npz", x=rows[880:930], y=y[880:930])
    np.savez(folder / "pool.npz", x=rows[POOL])
    config = yaml.safe_load((folder / "config.yaml").read_text())
    gate = {"seeds": 1, "labels": {"looks": 4}, "learner_alpha": 0.05}
    config |= {"strategies": ["linear_pool"], "scratch": ["logistic"], "gate": gate}
    config["training"]["source_steps"] = 60
    config["registry"] |= registry
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    result = run(load(folder / "config.yaml"))
    assert result.outcome == "inconclusive"
    assert result.labels["next"].startswith(f"ntgate ask {result.directory} --rows POOL")
    assert "`ntgate ask` picks them" in result.sentence


@pytest.fixture
def finished(inconclusive, tmp_path, digits) -> Run:
    """The run in a folder that was moved, with a registry and a ledger of its own."""
    shutil.copytree(inconclusive, tmp_path / "moved")
    return Run(tmp_path / "moved", digits[1][POOL])


def test_labels_in_batches_end_in_a_promotion(finished):
    before = (finished.path / "decision.json").read_text()
    answer = finished.ask()
    assert answer.pool + sum(answer.left_out.values()) == 867
    assert answer.differ == answer.disagree["scratch"] < 150
    assert finished.ask() == answer, "asking again is the same rows, for nothing"
    assert finished.spent == ["opened None", "closed inconclusive", "opened None"]

    first = judge(finished.frozen, [finished.labels(0, 3)])
    assert first.outcome == "inconclusive"
    assert "Go on labelling" in first.sentence
    assert finished.champion is None
    result = judge(finished.frozen, [finished.labels(3, answer.asked)])
    assert result.outcome == "promoted"
    assert result.labels["state"] == "enough"
    assert result.labels["used"] <= answer.asked
    assert result.registry["version"] == finished.champion
    again = judge(finished.frozen, [])
    assert (again.outcome, again.registry["version"], again.sentence) == ("promoted", finished.champion, result.sentence)
    assert finished.spent[-2:] == ["opened None", "closed promoted"]

    assert (finished.path / "decision.json").read_text() == before
    registry = connect(finished.frozen.config.registry, "reader")
    (recorded,) = registry.client.search_runs([registry.experiment()], "tags.`ntgate.run_key` != ''")
    assert recorded.info.run_id == result.registry["run_id"]
    assert recorded.data.tags["ntgate.outcome"] == "promoted"
    assert recorded.data.metrics["labels_used"] == result.labels["used"]
    assert result.sentence.split(".")[0] in recorded.data.tags["mlflow.note.content"].replace("\\", "")
    page = Path(result.reports["report"].path).read_text()
    assert result.labels["basis"] in page
    assert "Before, on the run&#39;s own test rows: " in page


def explained(run: str, *options: str) -> dict:
    return json.loads(CliRunner().invoke(cli, ["explain", run, *options, "--json"]).stdout)


def test_the_story_of_a_run_goes_on_with_its_labels(finished):
    first = explained(str(finished.path))
    asked = finished.ask().asked
    waiting = judge(finished.frozen, [finished.labels(1, asked)])
    assert waiting.labels["waiting"] == asked - 1
    gap = json.loads((finished.path / "asked.json").read_text())["ids"][0]
    assert f"{asked - 1:,} more do not count yet, since row {gap} before them has none" in waiting.sentence
    result = judge(finished.frozen, [finished.labels(0, 1)])
    told = explained(str(finished.path))
    assert (first["outcome"], told["outcome"]) == ("inconclusive", "promoted")
    basis, gain, champion, before = told["story"]["evidence"]
    assert basis == result.labels["basis"]
    assert gain.startswith("Gain over scratch: +")
    assert champion == "There was no champion when the run began."
    assert before == f"Before, on the run's own test rows: {first['sentence']}"
    assert told["story"]["verdict"][1] == "Version 2 of reader now carries the alias champion."
    assert explained(result.registry["run_id"], "--uri", finished.uri)["story"] == told["story"], "and for whoever asks MLflow"


def test_labels_that_speak_against_it_promote_nothing(finished):
    asked = finished.ask().asked
    result = judge(finished.frozen, [finished.labels(0, asked, turn=True)], dry_run=True)  # wrong for both, nearly always
    assert result.outcome != "promoted"
    assert finished.champion is None
    with pytest.raises(DataError, match="the label that row"):
        judge(finished.frozen, [finished.labels(0, asked)])
    (finished.path / "labels.json").unlink()  # the ledger remembers all the same
    with pytest.raises(DataError, match="another class for row"):
        judge(finished.frozen, [finished.labels(0, asked)])
    assert finished.champion is None


def test_rows_left_out_do_not_choose_which_count(finished):
    asked = finished.ask().asked
    result = judge(finished.frozen, [finished.labels(1, asked)], dry_run=True)  # all but the first
    assert result.labels["labelled"] == 0
    assert result.outcome == "inconclusive"


def test_bad_requests_spend_nothing(finished):
    before = finished.spent
    with pytest.raises(ConfigError, match="expected rows that were asked for, got none"):
        judge(finished.frozen, [])
    for pool, said in (("target.npz", "training rows of the run"), ("target_test.npz", "test rows of the run")):
        with pytest.raises(DataError, match=said):
            finished.ask(pool)
    np.savez(finished.folder / "narrow.npz", x=np.zeros((40, 3), np.float32))
    with pytest.raises(DataError, match="rows of shape"):
        finished.ask("narrow.npz")
    (finished.path / "candidate.onnx").rename(finished.path / "gone.onnx")
    with pytest.raises(LostError):
        finished.ask()
    (finished.path / "gone.onnx").rename(finished.path / "candidate.onnx")
    assert finished.spent == before
    answer = finished.ask(budget=20)
    asked = finished.spent
    (finished.path / "candidate.onnx").rename(finished.path / "gone.onnx")
    with pytest.raises(LostError, match="candidate"):
        judge(finished.frozen, [finished.labels(0, 20)])
    (finished.path / "gone.onnx").rename(finished.path / "candidate.onnx")
    assert not (finished.path / "labels.json").exists(), "no label was taken"
    assert finished.spent == asked
    with pytest.raises(ConfigError, match="expected the 20 rows that were asked for, got 30"):
        finished.ask(budget=30)
    (finished.path / "asked.json").unlink()  # nor by forgetting what was asked for
    with pytest.raises(ConfigError, match="asked about before"):
        finished.ask(budget=30)
    assert finished.ask(budget=20) == answer
    assert finished.spent == [*before, "opened None"]


def test_rows_that_were_opened_before_are_not_asked_for(finished):
    from ntgate.data.records import row_keys
    from ntgate.gate.ledger_config import LedgerConfig
    from ntgate.ledger.entries import Opening
    from ntgate.stages.pool import read_pool

    pool = read_pool(finished.frozen.config, finished.frozen.history.ingested, str(finished.folder / "pool.npz"))
    opening = Opening(model="other", decision_id="x", comparison="x", config=LedgerConfig(), alpha=0.05, min_test_rows=1)
    Ledger(finished.uri).open(opening, row_keys(pool.whole).take(np.arange(len(pool.whole))))
    answer = finished.ask()
    assert answer.asked == 0
    assert answer.worn == answer.differ
    assert "no label of this pool could change the verdict" in answer.sentence


def test_another_champion_stops_it(finished):
    from mlflow import MlflowClient

    finished.ask()
    client = MlflowClient(finished.uri)
    version = client.get_model_version_by_alias("reader", "baseline").version
    client.set_registered_model_alias("reader", "champion", version)
    with pytest.raises(ChampionMovedError):
        judge(finished.frozen, [finished.labels(0, 5)])
    assert finished.champion == str(version)


def test_the_commands_answer_with_one_object_and_their_codes(finished):
    def called(*arguments: str):
        done = CliRunner().invoke(cli, [*arguments, "--uri", finished.uri, "--json"], standalone_mode=False)
        assert done.exception is None, done.exception
        return done.return_value, json.loads(done.stdout)

    code, answer = called("ask", str(finished.path), "--rows", str(finished.folder / "pool.npz"))
    assert code == 0
    assert answer["asked"] <= answer["differ"] < answer["pool"]
    code, told = called("judge", str(finished.path), "--labels", finished.labels(0, 2), "--dry-run")
    assert (code, told["outcome"], told["labels"]["state"]) == (4, "inconclusive", "go_on")
    assert told["labels"]["next"].startswith("ntgate judge ")


def test_python_asks_and_judges_as_the_commands_do(finished, monkeypatch, capsys):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", finished.uri)
    with np.load(finished.folder / "pool.npz") as pool:
        rows = pool["x"]

    def people(table: pd.DataFrame) -> list[int]:
        return [int(finished.y[np.abs(rows - one).sum(axis=1).argmin()]) for one in table[[f"x{i}" for i in range(64)]].to_numpy()]

    page = (Path(__file__).resolve().parents[2] / "docs" / "labels.md").read_text()
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    known = {"result": finished.path, "pool": rows, "people": people}
    exec(snippet, known)
    answer, table, told = known["answer"], known["table"], known["told"]
    assert answer.model_copy(update={"files": {}}) == finished.ask().model_copy(update={"files": {}}), "one answer, however asked"
    assert len(table) == answer.asked
    assert "LABELS ASKED FOR" in answer._repr_html_()
    assert capsys.readouterr().out.splitlines()[-1] == told.sentence
    assert (told.outcome, told.registry["version"]) == ("promoted", finished.champion)
    by_id = dict(zip(table["row_id"], people(table), strict=True))
    assert ntgate.judge(told, by_id, dry_run=True).sentence == told.sentence, "the same labels again, by row id"
    with pytest.raises(DataError, match="the label that row"):
        ntgate.judge(str(finished.path), {table["row_id"][0]: (by_id[table["row_id"][0]] + 1) % 10})
    with pytest.raises(ConfigError, match=r"^rows: expected a pandas\.DataFrame, an array or a path, got int"):
        ntgate.ask(finished.path, 3)
    with pytest.raises(ConfigError, match=r"^labels: expected a pandas\.DataFrame, a path, or labels by row id, got int"):
        ntgate.judge(finished.path, 3)


def test_a_slice_by_class_is_decided_by_labels(finished):
    kept = json.loads((finished.path / "history.json").read_text())
    kept["config"]["gate"]["slices"] = [{"by": "class", "margin": 0.3, "min_rows": 5}]
    kept["results"]["decided"]["gate"]["findings"].append(json.loads(finding("slice class=3, against scratch").model_dump_json()))
    (finished.path / "history.json").write_text(json.dumps(kept))
    answer = finished.ask()
    assert answer.by_labels == ("negative_transfer", "target_learners", "slice class")
    asked = json.loads((finished.path / "asked.json").read_text())
    assert (asked["class_rows"], len(asked["class_counts"])) == (50, 10)
    result = judge(finished.frozen, [finished.labels(0, answer.asked)], dry_run=True)
    told = {found.rule: found for found in result.findings if found.rule.startswith("slice class=")}
    assert set(told) == {f"slice class={code}, against scratch" for code in range(10)}
    assert all("By the run's own test rows at least " in found.reason for found in told.values())
    assert {found.outcome for found in told.values()} <= {"pass", "inconclusive"}


def test_labels_are_tested_at_what_the_budget_of_the_model_grants(finished):
    def budget(**settings) -> None:
        kept = json.loads((finished.path / "history.json").read_text())
        kept["config"]["gate"]["ledger"]["budget"] = settings
        (finished.path / "history.json").write_text(json.dumps(kept))

    budget(decisions=9)  # of 0.05, which the run itself has spent
    with pytest.raises(WornError, match=r"1 decision has spent 0\.05, the oldest on .*; ask when that was more than 360 days ago"):
        finished.ask()
    budget(decisions=9, alpha=0.2)
    answer = finished.ask()
    assert answer.alpha == pytest.approx(0.2 * 0.9 / 9)
    assert finished.ask() == answer, "asking again costs nothing"
    result = judge(finished.frozen, [finished.labels(0, answer.asked)], dry_run=True)
    assert result.alpha == answer.alpha
    assert [one.alpha for one in Ledger(finished.uri).entries("reader") if one.kind == "opened"] == [0.05, answer.alpha]


def rules(frozen) -> tuple[str, ...]:
    return rules_to_ask(frozen.config, frozen.history, "RUN")


def changed(frozen, config: dict | None = None, **decision):
    """The run with other settings and another decision."""
    settings = frozen.config.model_dump(mode="json")
    for key, value in (config or {}).items():
        settings[key] = {**settings[key], **value}
    decided = frozen.history.decided
    gate = decided.gate.model_copy(update=decision)
    history = frozen.history.model_copy(update={"decided": decided.model_copy(update={"gate": gate})})
    return replace(frozen, config=RunConfig.model_validate(settings), history=history)


def finding(rule: str, outcome: str = "inconclusive") -> Finding:
    return Finding(rule=rule, outcome=outcome, reason="Too few rows.")


@pytest.mark.parametrize(
    ("config", "decision", "said"),
    [
        ({}, {"outcome": "promoted"}, "got it is promoted"),
        ({}, {"outcome": "rejected", "findings": (finding("wear", "fail"),)}, "got it is rejected: Too few rows."),
        ({"gate": {"metric": "balanced_accuracy"}}, {}, "of it alone rows on which the models agree count zero"),
        ({}, {"findings": (finding("labels"),)}, "got labels: Too few rows."),
        ({}, {"findings": (finding("my_rule"),)}, "rules that labels of disagreeing rows can decide"),
    ],
)
def test_what_labels_cannot_decide_is_said_before_anything_is_opened(inconclusive, config, decision, said, digits):
    frozen = changed(Run(inconclusive, digits[1]).frozen, config, **decision)
    with pytest.raises(ConfigError, match=re.escape(said)):
        rules(frozen)


def test_code_that_a_run_names_is_imported_only_where_that_is_allowed(finished):
    kept = json.loads((finished.path / "history.json").read_text())
    kept["config"]["gate"]["rules"] = ["somebody.elses:Rule"]
    (finished.path / "history.json").write_text(json.dumps(kept))
    with pytest.raises(ConfigError, match=r"somebody\.elses:Rule; add --own"):
        finished.ask()


def test_labels_decide_what_the_test_rows_left_open_and_all_that_is_withheld(inconclusive, digits):
    frozen = Run(inconclusive, digits[1]).frozen
    assert rules(frozen) == ("negative_transfer", "target_learners")
    seeds = (*frozen.history.decided.gate.findings, finding("seeds"))
    assert rules(changed(frozen, findings=seeds)) == ("negative_transfer", "target_learners", "seeds")
    by_class = (*frozen.history.decided.gate.findings, finding("slice class=3, against scratch"))
    assert rules(changed(frozen, findings=by_class)) == ("negative_transfer", "target_learners", "slice class")
    hidden = withheld(frozen.history.decided.gate)
    kept = changed(frozen, **{name: getattr(hidden, name) for name in ("withheld", "findings")})
    assert rules(kept) == ("negative_transfer", "target_learners", "constant_guess")
