"""The GitHub workflows: schema, security audit, and the run step executed for each exit code."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.linters import complaints

ROOT = Path(__file__).resolve().parents[2]
RETRAIN = ROOT / "deploy" / "actions" / "retrain.yml"
WORKFLOWS = [RETRAIN, ROOT / ".github" / "workflows" / "ci.yml"]


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_follow_their_schema(schema):
    assert complaints("check-jsonschema", "--builtin-schema", schema, *map(str, WORKFLOWS)) == ""


def test_zizmor_finds_nothing():
    assert complaints("zizmor", "--offline", "--no-progress", "--persona=pedantic", *map(str, WORKFLOWS)) == ""


def workflow() -> dict:
    return yaml.safe_load(RETRAIN.read_text())


def test_it_starts_by_hand_by_event_and_by_schedule_one_at_a_time():
    content = workflow()
    triggers = content[True]  # YAML 1.1 reads the key `on` as true
    assert set(triggers) == {"workflow_dispatch", "repository_dispatch", "schedule"}
    assert content["concurrency"]["cancel-in-progress"] is False
    assert content["permissions"] == {}
    assert content["jobs"]["retrain"]["permissions"] == {"contents": "read"}


def test_the_schedule_is_a_cron_expression():
    from croniter import croniter

    assert all(croniter.is_valid(entry["cron"]) for entry in workflow()[True]["schedule"])


def run_step(folder: Path, code: int, **environment: str) -> tuple[subprocess.CompletedProcess[str], str, str]:
    """Execute the run step as GitHub would, with a command line tool that answers with ``code``."""
    steps = workflow()["jobs"]["retrain"]["steps"]
    script = next(step["run"] for step in steps if step.get("id") == "run")
    stand_in = folder / "bin" / "ntgate"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\necho "$@" > arguments\necho \'{{"schema": 1}}\'\nexit {code}\n')
    stand_in.chmod(0o755)
    settings = {
        "PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}", "CONFIG": "retrain.yaml", "DRY_RUN": "",
        "STRICT": "false", "REGISTRY": "http://tracking:5000", "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }  # fmt: skip
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**settings, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    read = [(folder / name).read_text() if (folder / name).exists() else "" for name in ("output", "summary")]
    return done, *read


@pytest.mark.parametrize(
    ("code", "outcome", "level", "conclusion"),
    [
        (0, "promoted", "notice", 0),
        (1, "failed", "error", 1),
        (2, "failed", "error", 2),
        (3, "rejected", "notice", 0),
        (4, "inconclusive", "warning", 0),
        (5, "failed", "error", 5),
        (6, "failed", "error", 6),
        (130, "failed", "error", 130),
    ],
)
def test_exit_codes_become_conclusions(tmp_path, code, outcome, level, conclusion):
    done, output, summary = run_step(tmp_path, code)
    assert done.returncode == conclusion
    assert output == f"outcome={outcome}\n"
    assert done.stdout.startswith(f"::{level} title=ntgate::")
    assert f"## ntgate: {outcome}" in summary
    assert '{"schema": 1}' in summary


@pytest.mark.parametrize(("code", "conclusion"), [(0, 0), (3, 3), (4, 4)])
def test_strict_fails_unless_promoted(tmp_path, code, conclusion):
    assert run_step(tmp_path, code, STRICT="true")[0].returncode == conclusion


def test_a_hostile_config_name_stays_one_argument(tmp_path):
    run_step(tmp_path, 0, CONFIG="$(touch owned); x", DRY_RUN="--dry-run")
    assert (tmp_path / "arguments").read_text() == (
        "run $(touch owned); x --json --dry-run --set registry.uri=http://tracking:5000\n"
    )
    assert not (tmp_path / "owned").exists()


def test_without_a_registry_nothing_runs(tmp_path):
    done, _, _ = run_step(tmp_path, 0, REGISTRY="")
    assert done.returncode == 2
    assert "NTGATE_REGISTRY" in done.stdout
    assert not (tmp_path / "arguments").exists()
