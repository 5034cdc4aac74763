"""A run whose candidate passed waits for somebody: what it says, what it leaves, and what becomes of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.registry.client import connect
from ntgate.stages.identity import portable

SMALL = ("strategies=[linear_pool]", "scratch=[logistic]", "gate.seeds=1", "gate.approval=required")


def told(capsys, *arguments: str) -> tuple[int, dict, str]:
    capsys.readouterr()
    code = command([*arguments, "--json"])
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


@pytest.mark.slow  # two runs
def test_a_run_that_wants_an_approval(project, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project / 'mlflow.db'}")
    box = tmp_path / "messages"
    box.touch()
    writer = f"import sys; open({str(box)!r}, 'a').write(sys.stdin.read() + chr(10))"
    settings = [*SMALL, f"notify.command={json.dumps([sys.executable, '-c', writer])}"]
    arguments = ["run", str(project / "config.yaml"), "--inline", *(part for one in settings for part in ("--set", one))]
    code, result, _ = told(capsys, *arguments)
    assert (code, result["outcome"], result["registry"]["version"]) == (7, "approval_wanted", None)
    assert result["sentence"].endswith("UTC: ntgate approve reader 1 --reason WHY")
    waiting = result["registry"]["approval"]
    assert (waiting["version"], waiting["alias"], waiting["next"]) == ("1", "challenger", "ntgate approve reader 1 --reason WHY")
    assert told(capsys, *arguments)[0] == 7  # the same decision again
    (message,) = [json.loads(line) for line in box.read_text().splitlines()]  # once
    assert (message["outcome"], message["registry"]["approval"]["version"]) == ("approval_wanted", "1")
    assert "waits for approval until" in message["text"]

    story = told(capsys, "explain", result["directory"])[1]["story"]
    assert story["verdict"][1].startswith("Version 1 carries the alias challenger until somebody approves")
    assert any("ntgate approve reader 1 --reason WHY" in step for step in story["next"])
    assert story["undo"] == ["ntgate decline reader 1 --reason WHY ends the waiting."]
    page = (project / "runs" / "reader").glob("*/report.html")
    assert all("Approval wanted" in one.read_text(encoding="utf-8") for one in page)

    (model,) = told(capsys, "status")[1]["models"]
    assert (model["champion"], model["waiting"], model["outcome"]) == (None, ["1"], "approval_wanted")
    assert told(capsys, "approve", "reader", "2", "--reason", "the baseline")[0] == 6
    code, done, _ = told(capsys, "approve", "reader", "1", "--reason", "it reads", "--by", "ann")
    assert (code, done["champion"], done["by"]) == (0, "1", "ann")
    assert told(capsys, "decline", "reader", "1", "--reason", "no")[0] == 6
    registry = connect(load(project / "config.yaml").registry, "reader")
    tags = registry.client.get_run(result["registry"]["run_id"]).data.tags
    assert (tags["ntgate.outcome"], tags["ntgate.version"]) == ("promoted", "1")
    assert tags["mlflow.note.content"].startswith("**promoted** by ann: it reads")
    page = registry.client.download_artifacts(result["registry"]["run_id"], "report.html", str(tmp_path))
    assert "<b>Promoted</b> by ann: it reads</p>" in Path(page).read_text(encoding="utf-8")


def test_an_approval_is_no_part_of_what_is_decided(project):
    config = load(project / "config.yaml", SMALL[:3])
    wanted = load(project / "config.yaml", (*SMALL, "gate.approvers=[ann]", "gate.approval_days=3"))
    assert portable(config) == portable(wanted)
