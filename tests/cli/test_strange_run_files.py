"""Folders that look like a run's and hold something else: one sentence and an exit code of the input, and no waiting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ntgate.cli.app import run as command

COMMANDS = {
    "replay": ["replay", "run"],
    "explain": ["explain", "run"],
    "report": ["report", "run"],
    "compare": ["compare", "run", "run"],
    "ask": ["ask", "run", "--rows", "pool.csv"],
    "judge": ["judge", "run", "--labels", "labels.csv"],
}
FILES = ("run.json", "decision.json", "result.json", "history.json", "asked.json", "judged.json")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Where ``run`` is to lie."""
    monkeypatch.chdir(tmp_path)
    for name in ("pool.csv", "labels.csv"):
        (tmp_path / name).write_text("row_id,y\na,1\n")
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def refused(words: list[str], captured) -> None:
    code = command(words)
    (line,) = captured.readouterr().err.splitlines()
    assert code in (2, 5)  # a folder that is no run; a run whose files are damaged
    assert line.startswith("error: ")


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_brackets_without_end(folder, capsys, words):
    for name in FILES:
        (folder / name).write_text("[" * 200_000)
    refused(words, capsys)


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_as_many_brackets_as_python_follows(folder, capsys, words):
    for name in FILES:
        (folder / name).write_text('{"decision": ' + '{"a": ' * 900 + "1" + "}" * 901)
    refused(words, capsys)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_pipes(folder, capsys, words):
    for name in FILES:
        os.mkfifo(folder / name)
    refused(words, capsys)


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("name", ["a" * 5000, "loop", ""])
def test_names_that_lead_nowhere(folder, capsys, words, name):
    (folder.parent / "loop").symlink_to("loop")
    refused([name if word == "run" else word for word in words], capsys)


@pytest.mark.parametrize("words", [COMMANDS["replay"], COMMANDS["explain"], COMMANDS["report"]], ids=lambda words: words[0])
def test_a_schema_without_end(folder, capsys, words):
    (folder / "report.html").write_text("")
    (folder / "run.json").write_text('{"schema": Infinity}')
    refused(words, capsys)


@pytest.mark.parametrize("leads", ["scores.npz", "/proc/self/mem", "/dev/zero"])
def test_scores_that_cannot_be_read(folder, capsys, leads):
    (folder / "decision.json").write_text(
        '{"config": {"gate": {}}, "decision": {"metric": "accuracy"}, "facts": {}, "scores": "0"}'
    )
    (folder / "scores.npz").symlink_to(leads)
    refused(COMMANDS["replay"], capsys)
