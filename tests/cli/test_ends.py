"""How commands end when something outside of them fails: what is said of the registry is what is known of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ntgate.cli import console
from ntgate.cli.app import run as command
from ntgate.registry import promotion
from ntgate.registry.champion import champion
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from tests.checkout import ROOT

ABSENT = ("status", "reader", "--uri", "sqlite:///absent.db", "--json")
QUICK = ("--set", "training.steps=100", "--set", "gate.seeds=1", "--set", "strategies=[{kind: linear_pool}]")


def heard() -> None:
    """Whoever starts the tests by nohup has SIGHUP ignored, which a process inherits, and which ntgate heeds."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def started(folder: Path, *words: str, **streams) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "ZENML_CONFIG_PATH": str(folder / "zenml")}
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "preexec_fn": heard, **streams}
    return subprocess.Popen([sys.executable, "-m", "ntgate", *words], cwd=folder, env=environment, text=True, **given)


def standing(project: Path) -> str | None:
    found = champion(connect(RegistryConfig(uri=f"sqlite:///{project}/mlflow.db"), "reader"))
    return None if found is None else found.version


@pytest.mark.parametrize("words", [ABSENT, ("--help",), ("run", "--help"), ("schema",)])
def test_a_closed_pipe_ends_in_silence(tmp_path, words):
    process = started(tmp_path, *words)
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 141


def test_help_is_an_answer(tmp_path):
    out, err = started(tmp_path, "--help").communicate()
    assert "Exit codes" in out
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_answer_that_cannot_be_written(tmp_path):
    with open("/dev/full", "w") as full:
        process = started(tmp_path, *ABSENT, stdout=full)
        _, err = process.communicate()
    assert process.returncode == 74
    assert "No space left on device" in err
    assert "promoted" not in err
    assert "Traceback" not in err


def test_closed_standard_streams_do_no_harm(tmp_path):
    line = f'"{sys.executable}" -m ntgate status reader --uri sqlite:///absent.db >&- 2>&-'
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_promotion_whose_answer_is_lost_stands_and_is_told(project):
    with open("/dev/full", "w") as full:
        process = started(project, "run", "config.yaml", "--inline", "--json", *QUICK, stdout=full)
        _, err = process.communicate()
    assert process.returncode == 74
    assert err.rstrip().endswith("error: version 1 of reader is the champion")
    assert "nothing was promoted" not in err
    assert standing(project) == "1"


def test_what_is_said_of_an_interrupt_is_what_is_known(project, capsys, monkeypatch):
    """Behind the alias, at the alias, before it: no signal can be sent so exactly."""
    arguments = ["run", str(project / "config.yaml"), "--inline", "--json", *QUICK]
    answer, move = console.answer, promotion._move_alias

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    def lost(*given):
        move(*given)
        raise KeyboardInterrupt

    def ended(said: str, registry: dict | None) -> None:
        assert command(arguments) == 130
        told = capsys.readouterr()
        assert json.loads(told.out)["errors"] == [{"message": f"interrupted; {said}"}]
        assert json.loads(told.out).get("registry") == registry
        assert f"interrupted; {said}" in told.err

    monkeypatch.setattr(promotion, "promotion_lock", interrupted)
    ended("nothing was promoted", None)
    monkeypatch.undo()
    monkeypatch.setattr(promotion, "_move_alias", lost)
    maybe = (
        "version 1 of reader may be the champion: see `ntgate status reader`; `ntgate reconcile reader` finishes what was cut short"
    )
    ended(maybe, {"name": "reader", "version": "1", "champion": None, "sentence": maybe})
    monkeypatch.undo()

    def once(content):  # the answer of the run, and not that about its end
        monkeypatch.setattr(console, "answer", answer)
        raise KeyboardInterrupt

    monkeypatch.setattr(console, "answer", once)
    stands = "version 1 of reader is the champion"
    ended(stands, {"name": "reader", "version": "1", "champion": True, "sentence": stands})


def test_sys_exit_in_a_backbone_is_no_success(project):
    (project / "leaves_early.py").write_text(
        "import sys, torch\nclass Net(torch.nn.Flatten):\n    def forward(self, x):\n"
        "        sys.exit(0) if self.training else None\n        return super().forward(x)\n"
    )
    process = started(project, "run", "config.yaml", "--inline", "--json", *QUICK, "--set", "model.backbone=leaves_early:Net")
    out, _ = process.communicate()
    assert process.returncode == 5
    assert "a call of sys.exit(0) at leaves_early.py:4" in json.loads(out)["errors"][0]["got"]
    assert standing(project) is None


@pytest.mark.parametrize("code", [0, 1])
def test_an_exit_in_c_is_neither_success_nor_a_fault_of_ours(project, code):
    # OpenBLAS calls it without memory, and no `except` sees that.
    (project / "leaves_in_c.py").write_text(
        "import ctypes, torch\nclass Net(torch.nn.Flatten):\n    def forward(self, x):\n"
        f"        ctypes.CDLL(None).exit({code}) if self.training else None\n        return super().forward(x)\n"
    )
    process = started(project, "run", "config.yaml", "--inline", "--json", *QUICK, "--set", "model.backbone=leaves_in_c:Net")
    _, err = process.communicate()
    assert process.returncode == 74
    assert err.rstrip().endswith("a library ended this process (its own words may stand above); run the command again")
    assert standing(project) is None


def ended_by(number: signal.Signals, project: Path, line: str, *words: str) -> tuple[int, str, str, float]:
    """Send the signal once a line of the log begins the named stage; exit code, output, log, and seconds until the end."""
    process = started(project, *words)
    log = ""
    while line not in log:
        read = process.stderr.readline()
        assert read, log
        log += read
    time.sleep(1)  # into the stage, and Evidently into its import
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate()
    return process.returncode, out, log + err, time.monotonic() - began


def left(project: Path) -> list[str]:
    """Processes that were started with the project's folder in their command."""
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(project) in line]


LONG = ("--set", "training.source_steps=100000", "--set", "training.patience=1000", "--set", "shift.evidently=true")


@pytest.mark.parametrize(
    ("words", "number"), [(("run", "config.yaml", "--inline"), signal.SIGTERM), (("drift", "config.yaml"), signal.SIGHUP)]
)
def test_a_signal_ends_a_command_with_all_that_it_started(project, words, number):
    code, out, log, seconds = ended_by(number, project, "source:", *words, "--json", *LONG)
    assert code == 128 + number
    said = f"terminated by {number.name}; nothing was promoted"
    assert json.loads(out) == {"schema": 1, "exit_code": code, "errors": [{"message": said}]}
    assert f"error: {said}" in log
    assert "Traceback" not in log
    assert seconds < 60
    assert left(project) == []


DROPPED = """
import os, signal, sys, time, weakref
from contextlib import suppress
from ntgate.cli import signals

def terminate(_=None):
    os.kill(os.getpid(), signal.SIGTERM)

signals._AGAIN_SECONDS, began = 0.2, time.monotonic()
try:
    with signals.terminable():
        if sys.argv[1] == "library":
            with suppress(KeyboardInterrupt):
                terminate()
        else:
            freed = {1}
            called = weakref.ref(freed, terminate)
            del freed
        time.sleep(30)
except signals.Terminated as ended:
    again = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    print(ended.number == signal.SIGTERM, time.monotonic() - began < 20, again == (signal.SIG_DFL, (0.0, 0.0)))
"""


@pytest.mark.parametrize("dropped_by", ["library", "finaliser"])
def test_an_end_that_was_dropped_is_asked_for_again(dropped_by):
    done = subprocess.run([sys.executable, "-c", DROPPED, dropped_by], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True", "True", "True"], done.stderr
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_pipeline_on_zenml(project, number):
    process = started(project, "run", "config.yaml", "--json", *LONG)
    deadline = time.monotonic() + 240
    while not list(project.rglob("train.npz")) and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(8)
    process.send_signal(number)
    out, err = process.communicate()
    assert process.returncode == 128 + number, err
    assert json.loads(out)["exit_code"] == 128 + number
    assert "internal error" not in err
    assert left(project) == []


@pytest.mark.slow
def test_a_store_of_another_zenml_is_named(project):
    first = started(project, "up", "--json")
    _, err = first.communicate()
    assert first.returncode == 0, err
    store = next((project / "zenml").rglob("zenml.db"))
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9.9.9'")
    process = started(project, "run", "config.yaml", "--json")
    out, err = process.communicate()
    assert process.returncode == 6, err
    assert re.search(
        r"ZenML's store: expected one of ZenML \S+, got one of another version", json.loads(out)["errors"][0]["message"]
    )


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["", "source:", "train:", "evaluate:"], ids=lambda stage: stage or "before it begins")
def test_a_disk_that_fills_up_is_called_that(project, tmp_path_factory, stage):
    small = tmp_path_factory.mktemp("small")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=70m", "none", small], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    try:
        for file in ("source.npz", "target.npz", "target_test.npz", "config.yaml"):
            shutil.copy(project / file, small)
        process, log = started(small, "run", "config.yaml", "--inline", "--json", *QUICK), ""
        while stage and stage not in log:
            read = process.stderr.readline()
            assert read, log
            log += read
        with suppress(OSError), (small / "filler").open("wb", buffering=0) as filler:
            while filler.write(b"x" * 4096):
                pass
        out, err = process.communicate()
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert process.returncode == 74, err
    problem = json.loads(out)["errors"][0]
    fix = "make room there, and run again" if stage else "free some, or set output to another disk"
    assert (problem["path"], problem["fix"]) == ("disk" if stage else "output", fix)
    assert "Traceback" not in err
