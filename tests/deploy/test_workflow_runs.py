"""The workflow of ``ntgate init``, executed from a clean folder: installed from a wheel, against a server with a password."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from ntgate.requirements import UNKNOWN, line, named, text
from ntgate.template import create
from tests.deploy.guarded import guarded

ROOT = Path(__file__).resolve().parents[2]


def machine(folder: Path) -> Path:
    """The executables of a Python that has all that ntgate needs, and not ntgate itself."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    beside = folder / "beside"
    beside.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "ntgate" not in path.name and not path.name.startswith(("pip", "__pycache__")):
            (beside / path.name).symlink_to(path)
    site = subprocess.run(
        [folder / "bin" / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    for path in Path(site.stdout.strip()).glob("setuptools*"):  # an old one, which torch does not take
        shutil.rmtree(path)
    Path(site.stdout.strip(), "beside.pth").write_text(str(beside))
    return folder / "bin"


def value(expression: str, known: dict[str, str]) -> str:
    """An expression of the workflow: names, texts, ``||`` and ``&&``."""

    def term(part: str) -> str:
        part = part.strip()
        return part[1:-1] if part.startswith("'") else known.get(part, "")

    found = ""
    for choice in expression.split("||"):
        parts = [term(part) for part in choice.split("&&")]
        found = "" if "" in parts else parts[-1]
        if found:
            return found
    return found


def filled(content: Any, known: dict[str, str]) -> str:
    return re.sub(r"\$\{\{(.*?)\}\}", lambda m: value(m[1], known), str(content))


def execute(job: str, folder: Path, bins: Path, known: dict[str, str], **environment: str) -> dict[str, str]:
    """Run the ``run`` steps of a job as GitHub's runner does, one after the other; what ``uses`` an action is left out."""
    workflow = yaml.safe_load((folder / ".github" / "workflows" / "retrain.yml").read_text())
    asked = workflow["jobs"][job]
    files = {name: folder / f".{name.lower()}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    plain = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    base = {
        **plain,
        "PATH": f"{bins}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "OMP_NUM_THREADS": "1",
        "PIP_NO_INDEX": "1",
        **{name: str(file) for name, file in files.items()},
        **environment,
        **{name: filled(content, known) for name, content in asked.get("env", {}).items()},
    }
    for step in asked["steps"]:
        if "run" not in step:
            continue
        own = {name: filled(content, known) for name, content in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=folder, env={**base, **own}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{step['name']}: {done.stdout}\n{done.stderr}"
    return {name: file.read_text() if file.exists() else "" for name, file in files.items()}


@pytest.mark.slow
def test_the_workflow_runs_as_printed_from_a_clean_folder(tmp_path, server):
    built = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(tmp_path)]
    subprocess.run(built, cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    mine, project = machine(tmp_path / "mine"), tmp_path / "project"
    quiet = {**os.environ, "PYTHONPATH": "", "PIP_NO_INDEX": "1"}
    subprocess.run([mine / "python", "-m", "pip", "install", "--quiet", wheel], cwd=tmp_path, env=quiet, check=True)
    made = subprocess.run(
        [mine / "ntgate", "init", "project", "--json"], cwd=tmp_path, env=quiet, capture_output=True, text=True, check=True
    )
    assert json.loads(made.stdout)["installs"] == f"./wheels/{wheel.name}[all]"

    rng = np.random.default_rng(0)
    centres = rng.normal(0, 2, (3, 8))
    (project / "data").mkdir()
    for name, rows, moved in (("source", 300, 0.0), ("target", 260, 0.7)):
        y = np.arange(rows) % 3
        x = (centres[y] + moved + rng.normal(size=(rows, 8))).astype(np.float32)
        np.savez(project / "data" / f"{name}.npz", x=x, y=y)
    with guarded(server, "ann", "s3cret") as (address, answers):
        known = {
            "vars.NTGATE_REGISTRY": address,
            "vars.NTGATE_LEDGER": f"sqlite:///{tmp_path}/ledger.db",
            "secrets.MLFLOW_TRACKING_USERNAME": "ann",
            "secrets.MLFLOW_TRACKING_PASSWORD": "s3cret",
        }
        found = execute("retrain", project, machine(tmp_path / "runner"), known, ZENML_CONFIG_PATH=str(tmp_path / "zenml"))
    answer = json.loads((project / "answer.json").read_text())
    assert found["GITHUB_OUTPUT"] == f"outcome={answer['outcome']}\n"
    assert f"## ntgate: {answer['outcome']}" in found["GITHUB_STEP_SUMMARY"]
    assert answer["registry"]["run_id"]
    assert 401 not in answers
    assert len(answers) > 20
    assert (tmp_path / "ledger.db").is_file()
    assert "s3cret" not in (project / "answer.json").read_text() + found["GITHUB_STEP_SUMMARY"]

    tool = tmp_path / "gh" / "gh"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n')
    tool.chmod(0o755)
    execute(
        "report",
        project,
        tool.parent,
        {"needs.retrain.outputs.outcome": answer["outcome"]},
        GITHUB_REPOSITORY="ann/models",
        GITHUB_SHA="head",
        GITHUB_RUN_ID="7",
        GITHUB_SERVER_URL="https://github.com",
    )
    assert "repos/ann/models/check-runs" in (tmp_path / "calls").read_text()


@pytest.mark.parametrize("content", ["", "# ntgate\n", "torch\n"])
def test_where_ntgate_comes_from_has_to_be_said(tmp_path, content):
    create(tmp_path)
    (tmp_path / "requirements.txt").write_text(content)
    (step,) = [
        step
        for step in yaml.safe_load((tmp_path / ".github/workflows/retrain.yml").read_text())["jobs"]["retrain"]["steps"]
        if step.get("name") == "Install"
    ]
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PACKAGE": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "in requirements.txt or the variable NTGATE_PACKAGE, got neither" in done.stdout


def test_the_requirements_name_the_source_where_it_is_known(tmp_path):
    wheel = tmp_path / "ntgate-1-py3-none-any.whl"
    told = {"url": wheel.as_uri(), "archive_info": {}}
    assert line(told) == (None, None)  # gone since
    wheel.touch()
    assert line(told) == ("./wheels/ntgate-1-py3-none-any.whl[all]", wheel)
    (tmp_path / "requirements.txt").write_text(text(line(told)[0]))
    assert named(tmp_path / "requirements.txt") == line(told)[0]
    (tmp_path / "requirements.txt").write_text(text(None))
    assert named(tmp_path / "requirements.txt") is None
    assert UNKNOWN in text(None)
