"""The built wheel: one importable package, the scaffold inside, and a project made from it."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return next(folder.glob("*.whl"))


def test_one_top_level_package(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ntgate"}
    for part in (
        "py.typed",
        "report/templates/page.html.j2",
        "zenml/flavor.py",
        "scaffold/pipelines/retrain.py",
        "scaffold/pipelines/retrain.yaml",
        "scaffold/pipelines/drift_then_retrain.py",
        "kfp/pipeline.py",
        "scaffold/pipelines/drift_check.py",
        "scaffold/steps/announce.py",
    ):
        assert f"ntgate/{part}" in names
    assert "ntgate/scaffold/deploy/config/retrain.yaml" in names


def test_every_file_of_deploy_travels(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "deploy").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != ".env"
    }
    assert {"deploy/kubernetes/base/retrain.sh", "deploy/RUNBOOK.md", "deploy/actions/summary.py"} <= here
    assert {f"ntgate/scaffold/{name}" for name in here} <= names


def test_a_project_from_the_wheel(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}

    def ntgate(*arguments: str) -> tuple[int, dict]:
        done = subprocess.run(
            [sys.executable, "-m", "ntgate", *arguments, "--json"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)

    code, made = ntgate("init", "project")
    assert code == 0
    expected = {"retrain.yaml", "pipelines/retrain.py", "pipelines/drift_check.py", "steps/announce.py", "constraints.txt"}
    assert expected | {".github/workflows/retrain.yml", "tests/test_smoke.py"} <= set(made["written"])
    assert ntgate("init", "project", "--check") == (0, {"schema": 1, "differing": []})
    (tmp_path / "project" / "steps" / "announce.py").write_text("changed")
    code, answer = ntgate("init", "project", "--check")
    assert (code, answer["differing"]) == (3, ["steps/announce.py"])
    assert ntgate("init", "project")[1]["written"] == []  # never overwritten


@pytest.mark.slow
def test_the_generated_project_passes_its_own_smoke_test(wheel, tmp_path):
    """Its pipelines and steps are the wheel's copies, run with the wheel's own package."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "OMP_NUM_THREADS": "1"}
    where = "import ntgate, ntgate.template as t; print(ntgate.__file__, *t.create(__import__('pathlib').Path('project'))[1])"
    made = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert made.stdout.strip() == str(tmp_path / "site" / "ntgate" / "__init__.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path / "project",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    # After a run the project still is what was installed: compiled files and reports are none of the template's.
    check = subprocess.run(
        [sys.executable, "-m", "ntgate", "init", "project", "--check"], cwd=tmp_path, env=environment, check=False
    )
    assert check.returncode == 0


SMALLEST = """
model: {name: t}
data: {source: {path: source.csv, label: y}, target: {path: target.csv, label: y}}
registry: {uri: "sqlite:///mlflow.db"}
strategies: [{kind: fine_tuning}]
training: {steps: 20, source_steps: 20, batch_size: 16}
gate: {seeds: 1}
shift: {permutations: 99, evidently: false}
"""


def test_an_installed_wheel_runs_on_zenml_from_an_empty_folder(wheel, tmp_path):
    """Its pipelines lie in site-packages, where ZenML takes modules for a distribution's."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    zipfile.ZipFile(wheel).extractall(site)
    beside = [sysconfig.get_path("purelib")]  # ntgate's dependencies, after the wheel itself
    if sys.version_info >= (3, 12):  # what setuptools does in an environment where it is installed itself
        beside.append("import _distutils_hack; _distutils_hack.add_shim()")
    (site / "beside.pth").write_text("\n".join(beside))
    folder = tmp_path / "empty"
    folder.mkdir()
    draws = random.Random(0)
    for name, rows in (("source", 200), ("target", 160)):
        lines = [f"{draws.gauss(i % 2, 1):.6f},{draws.random():.6f},{i % 2}" for i in range(rows)]
        (folder / f"{name}.csv").write_text("\n".join(["a,b,y", *lines]))
    (folder / "retrain.yaml").write_text(SMALLEST)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"ZENML_CONFIG_PATH": str(tmp_path / "zenml"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [python, "-m", "ntgate", "run", "retrain.yaml", "--json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout)
    assert done.returncode in {0, 3, 4}, done.stderr
    assert answer["directory"].startswith(str(folder))
    assert list((tmp_path / "zenml").iterdir())
