"""The Kubeflow pipeline to its end on ``kfp.local``, offline: each stage in a process and an empty folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ntgate.config_file import load
from ntgate.flow import run
from ntgate.registry.champion import champion
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.history import history

ROOT = Path(__file__).resolve().parents[2]

# Kubeflow's local runner is configured for a whole process. Each stage gets an empty folder of its own, gone when the stage is: all
# that it shares with others is what Kubeflow hands over.
RUN = """
import sys
import tempfile
from pathlib import Path
from kfp import local
from kfp.local import subprocess_task_handler as handler
from ntgate.config_file import read
from ntgate.kfp.pipeline import Cluster, pipeline

folder = Path(sys.argv[1])
plain = handler.run_local_subprocess


def apart(full_command):
    with tempfile.TemporaryDirectory() as empty:
        places = [f"{name}={empty}" for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")]
        return plain(["env", "-C", empty, *places, *full_command])


handler.run_local_subprocess = apart
local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(folder / "artifacts"))
task = pipeline(read(folder / "config.yaml"), Cluster(image="python:3.11"))(root=str(folder))
print("RESULT", task.outputs["Output"].path)
"""


def local(project: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NTGATE_TEST_URI": "sqlite:///mlflow.db"}
    return subprocess.run(
        [sys.executable, "-c", RUN, str(project)],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


@pytest.mark.slow
def test_the_same_decision_as_in_one_process(project):
    """The registry's address is read in the pods, and relative paths of the data are relative to what they are given."""
    config = project / "config.yaml"
    before = run(load(config, [f"output={project / 'inline'}"]), dry_run=True)
    config.write_text(config.read_text().replace("sqlite:///mlflow.db", "${NTGATE_TEST_URI}"))
    done = local(project)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    path = Path(done.stdout.rpartition("RESULT ")[2].strip())
    result = json.loads((path / "result.json").read_text(encoding="utf-8"))
    assert not (project / "runs").exists()
    pages = path / "reader" / Path(result["directory"]).name
    assert {page.name for page in pages.iterdir()} == {"report.html", "run.json", "history.json", "result.json"}
    assert result["reports"]["report"]["path"] == str((pages / "report.html").relative_to(path))
    assert not result["dry_run"]
    assert result["outcome"] == before.outcome == "promoted"
    for key in ("decision_id", "gain", "p_value", "alpha", "sentence"):
        assert result[key] == getattr(before, key), key
    assert tuple(result["gain_interval"]) == before.gain_interval
    assert [row["validation"] for row in result["plan"]] == [row.validation for row in before.plan]
    found = champion(connect(load(project / "config.yaml", ["registry.uri=sqlite:///mlflow.db"]).registry, "reader"))
    assert found is not None
    assert found.version == result["registry"]["version"]


def test_a_stage_that_cannot_judge_ends_the_pipeline_with_its_sentence(project):
    (project / "target.npz").write_bytes(b"nothing")
    done = local(project)
    assert done.returncode != 0
    assert "Inner task failed" in done.stderr
    log = done.stdout.splitlines()
    assert any(line.strip().startswith(f"ingest: {project / 'target.npz'}: expected") for line in log)
    assert not any("Running" in line and "champion" in line for line in log)
    registry = connect(RegistryConfig(uri=f"sqlite:///{project / 'mlflow.db'}"), "reader")
    assert history(registry) == []
