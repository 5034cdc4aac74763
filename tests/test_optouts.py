"""Nothing reports to anybody: every entry point opts out before it imports a library that would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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


def traced(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, list[str]]:
    """The exit code of a command and the addresses that it or a child of it wrote to or connected to, seen by the kernel."""
    trace = folder / "trace"
    # Alone in a network namespace where that is allowed: not even the loopback is up there.
    alone = (
        ["unshare", "--net"]
        if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0
        else []
    )
    done = subprocess.run(
        [*alone, "strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    calls = re.findall(r"sa_family=(AF_INET6?), .*?sin6?_port=htons\((\d+)\)", trace.read_text(errors="replace"))
    return done.returncode, sorted({f"{family} port {port}" for family, port in calls})


@pytest.mark.slow
def test_no_command_looks_up_or_connects_to_anything(tmp_path, project):
    if shutil.which("strace") is None:
        pytest.skip("needs strace, which .ci/run installs")
    config = yaml.safe_load((project / "config.yaml").read_text())
    config["shift"]["evidently"] = True  # in a process of its own
    config["gate"] = {"seeds": 1}
    config["compression"] = ["quantisation"]
    (project / "config.yaml").write_text(yaml.safe_dump(config))
    home = tmp_path / "home"
    home.mkdir()
    registry = ["--uri", "sqlite:///mlflow.db"]
    commands = [
        ["doctor", *registry],
        ["validate", "config.yaml"],
        ["drift", "config.yaml"],
        ["plan", "config.yaml"],
        ["run", "config.yaml", "--inline"],
        ["status", "reader", *registry],
    ]
    program = [sys.executable, "-m", "ntgate"]
    for words in commands:
        code, addresses = traced([*program, *words], project, bare(home))
        assert (words[0], code, addresses) == (words[0], {"drift": 3}.get(words[0], 0), [])
    run = next((project / "runs").rglob("report.html")).parent
    assert traced([*program, "report", str(run)], project, bare(home)) == (0, [])
    # What README shows for serving, with what deploy/README.md says to set.
    load = (
        "import mlflow, numpy; mlflow.set_tracking_uri('sqlite:///mlflow.db'); "
        "mlflow.pyfunc.load_model('models:/reader@champion').predict(numpy.zeros((2, 64), 'float32'))"
    )
    environment = {**bare(home), "ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    assert traced([sys.executable, "-c", load], project, environment) == (0, [])
    assert left(home) == []
