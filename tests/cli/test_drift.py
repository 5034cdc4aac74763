"""``ntgate drift`` as a scheduler meets it: the exit code, and the JSON field by field."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ntgate.cli.app import run as command


def answered(capsys, project, *more):
    capsys.readouterr()
    code = command(["drift", str(project / "config.yaml"), "--json", *more])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def unmoved(project, digits):
    """The same project with target rows from the source's scanner."""
    x = digits[0].reshape(len(digits[0]), -1)
    np.savez(project / "target.npz", x=x[700:900], y=digits[1][700:900])
    return project


def test_contract_field_by_field(project, capsys):
    code, answer = answered(capsys, project)
    assert code == 3
    assert set(answer) == {"schema", "outcome", "sentence", "shift", "report", "directory"}  # and no exit_code: that is for errors
    assert answer["schema"] == 1
    assert answer["outcome"] == "shift"
    assert Path(answer["report"]).is_absolute()
    assert Path(answer["report"]).is_file()
    assert Path(answer["report"]).parent == Path(answer["directory"])
    shift = answer["shift"]
    assert shift["outcome"] == "shift"
    assert shift["tolerated_effect"] == 0.0
    assert shift["significant"] is True
    assert shift["mmd2"] > 0
    assert shift["p_value"] == pytest.approx(0.01)
    assert shift["permutations"] == 99
    assert len(shift["bandwidths"]) == 5
    low, high = shift["effect_interval"]
    assert 0 <= low < shift["effect_size"] < high <= 1
    low, high = shift["proxy_a_distance_interval"]
    assert 0 <= low <= shift["proxy_a_distance"] <= high <= 2
    assert (shift["n_source"], shift["n_target"]) == (700, 60)
    assert shift["representation"] == "embedding"
    assert shift["seconds"] > 0
    assert not (project / "mlflow.db").exists()


def test_a_tolerated_shift_is_not_acted_upon(project, capsys):
    code, answer = answered(capsys, project, "--set", "shift.tolerated_effect=0.9")
    assert (code, answer["outcome"]) == (0, "tolerated")
    assert answer["shift"]["significant"] is True
    assert answer["shift"]["tolerated_effect"] == 0.9


def test_no_shift(unmoved, capsys):
    code, answer = answered(capsys, unmoved, "--set", "shift.alpha=0.01", "--set", "shift.permutations=199")
    assert (code, answer["outcome"], answer["shift"]["significant"]) == (0, "none", False)


@pytest.mark.parametrize(
    ("setting", "words"), [("shift.tolerated_effect=0", "✘ SHIFT  A "), ("shift.tolerated_effect=0.9", "✔ TOLERATED  A ")]
)
def test_for_people(project, capsys, setting, words):
    command(["drift", str(project / "config.yaml"), "--set", setting])
    told = capsys.readouterr().out
    assert words in told
    for part in ("MMD^2", "effect size", "tolerated up to", "proxy A-distance", "700 source, 60 target", "drift.html"):
        assert part in told


def test_for_people_without_a_shift(unmoved, capsys):
    command(["drift", str(unmoved / "config.yaml"), "--set", "shift.alpha=0.01", "--set", "shift.permutations=199"])
    assert "✔ NO SHIFT SHOWN" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("setting", "code", "part"),
    [
        ("shift.tolerated_effect=1", 2, "shift.tolerated_effect: expected a number below 1"),
        ("shift.tolerated_efect=0.1", 2, "did you mean 'tolerated_effect'"),
        ("data.target.path=nowhere.npz", 5, "nowhere.npz: expected a file"),
    ],
)
def test_what_could_not_be_checked_is_neither_0_nor_3(project, capsys, setting, code, part):
    found, answer = answered(capsys, project, "--set", setting)
    assert (found, answer["exit_code"]) == (code, code)
    assert part in answer["errors"][0]["message"]


def test_the_help_says_what_3_means(capsys):
    command(["--help"])
    assert "drift: a shift" in capsys.readouterr().out
    command(["drift", "--help"])
    assert "exit with 3 when it has moved too far" in " ".join(capsys.readouterr().out.split())


def test_a_project_without_the_pipeline_is_told(project, capsys):
    (project / "steps").mkdir()
    (project / "pipelines").mkdir()
    (project / "pipelines" / "retrain.py").touch()  # a project made by an earlier version
    code, answer = answered(capsys, project, "--zenml")
    assert code == 2
    assert "pipelines/drift_check.py" in answer["errors"][0]["expected"]
    assert answer["errors"][0]["fix"] == f"run `ntgate init {project}`, or leave out --zenml to run without ZenML"
