"""`pip install "ntgate[all]"` runs what `make demo` runs."""

from __future__ import annotations

import shutil

import pytest

from tests.wheel.installed import ROOT, built, installed, told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]


def test_the_demo_runs_from_an_installed_wheel(tmp_path):
    commands = installed(built(tmp_path), tmp_path / "venv", "[all]")
    healthy = told(commands / "ntgate", "doctor", cwd=tmp_path)
    assert healthy.returncode == 0, healthy.stdout
    assert "warning" not in healthy.stdout
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    done = told(commands / "python", "examples/demo.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "worn-scanner     PROMOTED" in done.stdout
    assert "rewired-scanner  REJECTED" in done.stdout
