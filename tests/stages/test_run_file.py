"""What a run's folder says of itself, and that a later schema is refused wherever one is read."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from ntgate import SCHEMA
from ntgate.base import Artifact
from ntgate.cli.app import run as command
from ntgate.config_file import load
from ntgate.errors import ConfigError
from ntgate.kfp import task
from ntgate.stages.place import Place
from ntgate.stages.run_file import RUN_FILE, refuse_newer, write_run_file


@pytest.fixture
def folder(project):
    write_run_file(Place(project, str(project)), load(project / "config.yaml"), "run", 1767225600.0)
    return project


def test_it_says_what_it_is_and_at_the_end_how_it_ended(folder):
    before = json.loads((folder / RUN_FILE).read_text())
    assert (before["schema"], before["kind"], before["outcome"], before["model"]) == (SCHEMA, "run", None, "reader")
    assert before["began"] == "2026-01-01T00:00:00+00:00"
    config = load(folder / "config.yaml")
    write_run_file(Place(folder, str(folder)), config, "run", 1767225600.0, "rejected", version=None)
    after = json.loads((folder / RUN_FILE).read_text())
    assert after == {**before, "outcome": "rejected", "version": None}
    assert not list(folder.glob(".run*"))


def test_the_digest_is_of_the_settings_not_of_the_place(folder):
    digests = set()
    for settings in ((), ("output=elsewhere",), ("seed=1",)):
        write_run_file(Place(folder, str(folder)), load(folder / "config.yaml", settings), "drift", 0.0)
        digests.add(json.loads((folder / RUN_FILE).read_text())["config"])
    assert len(digests) == 2


@pytest.mark.parametrize(("content", "said"), [('{"schema": 2}', "schema 2; install the ntgate"), ("[", "the file of a run")])
def test_a_later_or_broken_folder_is_refused_in_one_sentence(folder, capsys, content, said):
    (folder / "report.html").touch()
    assert command(["report", str(folder)]) == 0
    (folder / RUN_FILE).write_text(content)
    assert command(["report", str(folder), "--json"]) == 2
    assert said in capsys.readouterr().err
    (folder / RUN_FILE).unlink()
    refuse_newer(folder)  # of before there were any


def test_what_crosses_pods_names_its_schema(tmp_path):
    folder = SimpleNamespace(path=str(tmp_path / "to"), metadata={})
    file = Artifact(path=f"file://{tmp_path}/to/files/s/model.onnx", sha256="s")
    task.write(file, folder)
    content = json.loads((tmp_path / "to" / "result.json").read_text())
    assert content == {"schema": SCHEMA, "path": "files/s/model.onnx", "sha256": "s"}
    (tmp_path / "to").rename(tmp_path / "there")  # another pod has it under another name
    folder.path = str(tmp_path / "there")
    assert task.read(Artifact, folder) == Artifact(path=f"{tmp_path}/there/files/s/model.onnx", sha256="s")
    (tmp_path / "there" / "result.json").write_text(json.dumps({**content, "schema": 2}))
    with pytest.raises(ConfigError, match="schema 2; give every pod the image of one ntgate"):
        task.read(Artifact, folder)
