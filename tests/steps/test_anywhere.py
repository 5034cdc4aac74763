"""Runs on ZenML from a folder that is no project, with ntgate's own pipelines; the wheel's are tried in tests/wheel."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from zenml.utils import source_utils

from ntgate import template
from ntgate.cli.orchestrated import rooted
from ntgate.cli.project import around
from tests.checkout import ROOT, python


@pytest.fixture
def here(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for data and config, with packages called as ntgate's that have nothing to do with it."""
    for name in ("steps", "pipelines"):
        (project / name).mkdir()
        (project / name / "__init__.py").write_text("raise RuntimeError('not this one')")
    monkeypatch.chdir(project)
    return project


def ntgate(here: Path, *arguments: str) -> tuple[int, dict, str]:
    done = python(here / "zenml", "-m", "ntgate", *arguments, "--json", cwd=here)
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.slow
def test_a_run_and_a_drift_check_where_there_is_no_project(here):
    sets = [word for pair in ("training.steps=60", "gate.seeds=1", "strategies=[{kind: linear_pool}]") for word in ("--set", pair)]
    code, result, log = ntgate(here, "run", "config.yaml", *sets)
    assert (code, result.get("outcome")) in {(0, "promoted"), (3, "rejected"), (4, "inconclusive")}, log
    code, checked, log = ntgate(here, "drift", "config.yaml", "--zenml")
    assert (code, checked["outcome"]) == (3, "shift"), log
    shown = python(here / "zenml", "-c", "from zenml.client import Client as C; print([p.name for p in C().list_pipelines()])")
    assert "retrain" in shown.stdout
    assert "drift_check" in shown.stdout


def test_a_project_around_the_config_wins(here):
    assert around(here / "config.yaml") == template.root() == ROOT
    (here / "pipelines" / "retrain.py").touch()
    assert around(here / "config.yaml") == here
    (here / "configs").mkdir()
    assert around(here / "configs" / "other.yaml") == here


def test_packages_of_the_same_name_elsewhere_are_not_taken(tmp_path, monkeypatch):
    for folder in ("one", "other"):
        (tmp_path / folder / "pipelines").mkdir(parents=True)
        (tmp_path / folder / "pipelines" / "__init__.py").write_text(f"where = {folder!r}")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "one"), *sys.path, str(tmp_path / "other")])
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in {"pipelines", "steps"}}
    try:
        for name in kept:
            del sys.modules[name]
        import pipelines

        assert pipelines.where == "one"
        rooted(tmp_path / "other")
        import pipelines

        assert pipelines.where == "other"
    finally:
        sys.modules.pop("pipelines", None)
        sys.modules.update(kept)
        source_utils.set_custom_source_root(None)


def test_the_pipelines_of_an_older_project_are_told_in_one_sentence(project):
    for folder, text in (
        ("steps", "from ntgate.stages.evidently import evidently_beside\n"),
        ("pipelines", "from steps.drift import evidently_beside\n"),
    ):
        (project / folder).mkdir()
        (project / folder / "__init__.py").touch()
        (project / folder / {"steps": "drift.py", "pipelines": "retrain.py"}[folder]).write_text(text)
    code, answer, log = ntgate(project, "run", str(project / "config.yaml"))
    assert code == 2, log
    (error,) = answer["errors"]
    assert "steps/ for this version of ntgate, got cannot import name 'evidently_beside'" in error["message"]
    assert "run `ntgate init" in error["fix"]
