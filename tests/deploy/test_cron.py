"""The scheduled run: the line, and the script behind it executed for each exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from croniter import croniter

ROOT = Path(__file__).resolve().parents[2]
CRON = ROOT / "deploy" / "cron" / "ntgate.cron"
SCRIPT = ROOT / "deploy" / "cron" / "retrain.sh"

needs_flock = pytest.mark.skipif(shutil.which("flock") is None, reason="flock (util-linux) is not here")


def test_the_line_is_a_valid_schedule_for_a_user_and_names_the_script():
    text = CRON.read_text()
    assert text.endswith("\n")  # cron ignores a last line without its end
    lines = [line for line in text.splitlines() if line and not line.startswith("#") and "=" not in line.split()[0]]
    assert len(lines) == 1
    fields = lines[0].split(maxsplit=6)
    assert croniter.is_valid(" ".join(fields[:5]))
    user, command = fields[5:]
    assert user == "ntgate"
    assert command.split()[:2] == ["/bin/bash", "/srv/ntgate/deploy/cron/retrain.sh"]
    assert "%" not in command  # cron reads it as a line break


def environment(folder: Path, body: str) -> dict[str, str]:
    """A command line tool of one's own before all others on the path."""
    stand_in = folder / "bin" / "ntgate"
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/sh\n{body}\n")
    stand_in.chmod(0o755)
    return {"PATH": f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"}


def start(folder: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(["bash", SCRIPT, folder], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@needs_flock
@pytest.mark.parametrize(
    ("code", "passed_on", "said"),
    [
        (0, 0, ""),
        (1, 1, "exit 1"),
        (2, 2, "exit 2"),
        (3, 0, ""),
        (4, 4, "labelled target rows"),
        (5, 5, "bad data or model"),
        (6, 6, "registry"),
        (7, 7, "waits for approval"),
    ],
)
def test_only_what_needs_a_person_is_mailed(tmp_path, code, passed_on, said):
    running = start(tmp_path, environment(tmp_path, f'echo "ran $@"; exit {code}'))
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (passed_on, "")
    assert (said in err) if said else (err == "")
    log = (tmp_path / "runs" / "cron.log").read_text()
    assert "ran run retrain.yaml" in log
    assert f"exit {code}" in log


@needs_flock
def test_a_second_run_does_not_start_while_the_first_lasts(tmp_path):
    env = environment(tmp_path, "echo once >> count; while [ ! -e go ]; do sleep 0.05; done")
    first = start(tmp_path, env)
    deadline = time.monotonic() + 20
    while not (tmp_path / "count").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    second = start(tmp_path, env)
    assert second.communicate(timeout=20) == ("", "")
    assert second.returncode == 0
    (tmp_path / "go").touch()
    first.communicate(timeout=20)
    assert (tmp_path / "count").read_text() == "once\n"
    assert "still running" in (tmp_path / "runs" / "cron.log").read_text()


@needs_flock
def test_credentials_reach_the_run_from_the_env_file(tmp_path):
    (tmp_path / "retrain.env").write_text("MLFLOW_TRACKING_USERNAME=ann\n")
    start(tmp_path, environment(tmp_path, 'echo "as $MLFLOW_TRACKING_USERNAME"')).communicate(timeout=20)
    assert "as ann" in (tmp_path / "runs" / "cron.log").read_text()


def test_a_project_that_is_not_there_is_refused(tmp_path):
    running = start(tmp_path / "absent", environment(tmp_path, "exit 0"))
    assert "absent" in running.communicate(timeout=20)[1]
    assert running.returncode == 2
