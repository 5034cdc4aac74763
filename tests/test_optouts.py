"""Nothing reports to anybody: every entry point opts out before it imports a library that would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ntgate.optouts import OPT_OUTS

ROOT = Path(__file__).resolve().parents[1]
OURS = re.compile(r"/(\.cache/(matplotlib|fontconfig|Python)|\.config/matplotlib|zenml)(/|$)|\.cache$|\.config$")


def bare(home: Path) -> dict[str, str]:
    """The environment of a user who has set nothing, at home in an empty folder."""
    kept = {name: value for name, value in os.environ.items() if name not in OPT_OUTS and not name.startswith("XDG_")}
    return {**kept, "HOME": str(home), "ZENML_CONFIG_PATH": str(home / "zenml"), "PYTHONPATH": str(ROOT)}


def left(home: Path) -> list[str]:
    """What was left at home beside caches of fonts and ZenML's configuration."""
    return [str(path) for path in home.rglob("*") if not OURS.search(str(path))]


@pytest.mark.parametrize("module", ["ntgate.export.runtime", "ntgate.export.quantise", "ntgate.flow", "ntgate.zenml.run_stage"])
def test_importing_leaves_no_id_at_home(tmp_path, module):
    check = f"import {module}, ntgate.export.runtime, os; print(os.environ.get('ORT_DISABLE_TELEMETRY'))"
    done = subprocess.run([sys.executable, "-c", check], env=bare(tmp_path), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert left(tmp_path) == []


def test_importing_ntgate_alone_changes_nothing(tmp_path):
    check = "import os; before = dict(os.environ); import ntgate, ntgate.errors; print(before == dict(os.environ))"
    done = subprocess.run([sys.executable, "-c", check], env=bare(tmp_path), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_what_the_user_decided_stays(tmp_path):
    check = "from ntgate.optouts import opt_out; import os; opt_out(); print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {**bare(tmp_path), "ORT_DISABLE_TELEMETRY": "0"}
    done = subprocess.run([sys.executable, "-c", check], env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_a_file_that_opts_out_of_one_opts_out_of_all():
    files = [ROOT / "Makefile", *(path for path in (ROOT / "deploy").rglob("*") if path.is_file())]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    # ZenML's own server in the compose file runs no library of the others; the README speaks of servers that serve.
    texts = {
        path: text
        for path, text in texts.items()
        if path.name not in ("compose.yaml", "README.md") and any(n in text for n in OPT_OUTS)
    }
    assert {"Makefile", "Dockerfile", "ntgate.cron", "retrain.yml"} <= {path.name for path in texts}
    for path, text in texts.items():
        for name, value in OPT_OUTS.items():
            assert re.search(rf'{name}(=|: "){value}\b', text), (path, name)
