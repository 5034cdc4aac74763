"""``ntgate schedule`` on one machine: what it writes, what the shell makes of it, and what it refuses."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ntgate.cli.app import run as command
from tests.conftest import write_project

MONDAY = "17 3 * * 1"


@pytest.fixture
def project(tmp_path_factory, digits) -> Path:
    """As elsewhere, below a short path: a line of a crontab has to hold it several times."""
    folder = tmp_path_factory.mktemp("p")
    write_project(folder, *digits)
    return folder


@pytest.fixture
def units(project: Path, tmp_path_factory, monkeypatch) -> Path:
    """The folder of systemd's user units, in a home of its own, and a crontab that is a file."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    (home / "bin").mkdir()
    (home / "bin" / "crontab").write_text(  # the two forms in which crontab is called
        f'#!/bin/sh\nf={home}/crontab.txt\nif [ "$1" = -l ]; then cat "$f" 2>/dev/null || {{ echo no crontab >&2; exit 1; }}\n'
        'else cat >"$f"; fi\n'
    )
    (home / "bin" / "crontab").chmod(0o755)
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return home / "systemd" / "user"


def schedule(capsys, project: Path, *more: str) -> tuple[int, dict]:
    capsys.readouterr()
    code = command(["schedule", str(project / "config.yaml"), "--inline", "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_a_timer_is_written_once_shown_and_taken_away(project, units, capsys):
    arguments = ("--cron", MONDAY, "--with", "systemd")
    code, shown = schedule(capsys, project, *arguments, "--print")
    assert code == 0
    assert not units.exists()
    assert "OnCalendar=Mon *-*-* 03:17:00" in shown["text"]

    code, answer = schedule(capsys, project, *arguments)
    assert (code, answer["outcome"], answer["with"]) == (0, "written", ["systemd"])
    service, timer = sorted(units.iterdir())
    assert (service.name, timer.name) == (f"{answer['name']}.service", f"{answer['name']}.timer")
    assert service.read_text() in shown["text"]
    assert timer.read_text() in shown["text"]
    before = {file.name: file.stat().st_mtime_ns for file in units.iterdir()}
    assert schedule(capsys, project, *arguments)[1]["outcome"] == "unchanged"
    assert before == {file.name: file.stat().st_mtime_ns for file in units.iterdir()}

    assert schedule(capsys, project, "--remove")[1]["outcome"] == "removed"
    assert list(units.iterdir()) == []
    assert schedule(capsys, project, "--remove")[1]["outcome"] == "absent"


def test_one_config_has_one_schedule(project, units, capsys):
    assert schedule(capsys, project, "--cron", MONDAY, "--with", "systemd")[0] == 0
    for other in (("--cron", "18 3 * * 1", "--with", "systemd"), ("--cron", MONDAY, "--with", "cron")):
        code, answer = schedule(capsys, project, *other)
        assert code == 2
        assert "expected no other schedule of this config, got one with systemd" in answer["errors"][0]["message"]
    assert "17 3" in next(units.glob("*.timer")).read_text()
    code, answer = schedule(capsys, project, "--cron", MONDAY, "--with", "cron", "--replace")
    assert (code, answer["with"]) == (0, ["cron"])
    assert list(units.iterdir()) == []


def test_lines_of_others_stay_in_the_crontab(project, units, capsys):
    table = units.parents[1] / "crontab.txt"
    table.write_text("MAILTO=ann\n0 1 * * * echo other")  # no line end: cron's own editor would refuse it, a script may not
    assert schedule(capsys, project, "--cron", MONDAY, "--with", "cron")[1]["outcome"] == "written"
    assert schedule(capsys, project, "--cron", MONDAY, "--with", "cron")[1]["outcome"] == "unchanged"
    lines = table.read_text().splitlines()
    assert lines[:2] == ["MAILTO=ann", "0 1 * * * echo other"]
    assert len(lines) == 4
    assert lines[3].startswith(f"{MONDAY} ")
    assert len(lines[3]) < 998  # cron cuts longer commands off
    assert schedule(capsys, project, "--remove")[1]["outcome"] == "removed"
    assert table.read_text() == "MAILTO=ann\n0 1 * * * echo other\n"


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ((), "--cron: expected a cron expression, got nothing"),
        (("--cron", "61 3 * * 1"), "expected a minute from 0 to 59"),
        (("--cron", MONDAY, "--set", "gate.alhpa=1"), "did you mean 'alpha'"),
        (("--cron", MONDAY, "--set", "registry.uri=postgresql://ann:secret@db/m"), "expected no password"),
    ],
)
def test_nothing_is_written_when_something_is_wrong(project, units, capsys, more, part):
    code, answer = schedule(capsys, project, "--with", "systemd", *more)
    assert code == 2
    assert part in answer["errors"][0]["message"]
    assert "secret" not in json.dumps(answer)
    assert not units.exists()


def test_credentials_are_read_from_a_private_file_and_stay_there(project, units, capsys, monkeypatch):
    monkeypatch.delenv("SCHEDULE_PASSWORD", raising=False)
    setting = ("--set", "registry.uri=postgresql://ann:${SCHEDULE_PASSWORD}@db/m")
    code, answer = schedule(capsys, project, "--cron", MONDAY, "--with", "systemd", *setting)
    assert code == 2
    assert "expected the environment variable SCHEDULE_PASSWORD" in answer["errors"][0]["message"]
    secrets = project / "config.env"
    secrets.write_text("# for the registry\nSCHEDULE_PASSWORD='correct horse'\n")
    secrets.chmod(0o644)
    code, answer = schedule(capsys, project, "--cron", MONDAY, "--with", "systemd", *setting)
    assert "expected a file that its owner alone can read, got mode 644" in answer["errors"][0]["message"]
    secrets.chmod(0o600)
    assert schedule(capsys, project, "--cron", MONDAY, "--with", "systemd", *setting)[0] == 0
    os.environ.pop("SCHEDULE_PASSWORD")
    text = next(units.glob("*.service")).read_text()
    assert f"EnvironmentFile=-{secrets}" in text
    assert "correct horse" not in text


STAND_IN = """#!/bin/sh
echo "$@" >>"{folder}/calls"
case "$3" in drift) exit ${{DRIFT:-0}};; esac
exit ${{CODE:-0}}
"""


def shell_of(text: str) -> str:
    """What systemd hands to /bin/sh: the last word of ExecStart without systemd's own escapes."""
    line = re.search(r'^ExecStart=/bin/sh -c "(.*)"$', text, re.MULTILINE)
    assert line
    return re.sub(r'\\(["\\])', r"\1", line[1]).replace("$$", "$").replace("%%", "%")


def from_within(folder: Path, service: str) -> str:
    """The service's command in its WorkingDirectory."""
    assert re.search(r"^WorkingDirectory=(.*)$", service, re.MULTILINE)[1].replace("%%", "%") == str(folder)
    return f"cd {shlex.quote(str(folder))} && {shell_of(service)}"


@pytest.fixture
def scheduled(project, units, capsys, monkeypatch):
    """The commands that stand in the service and in the crontab, with a stand-in for the interpreter; the folder has a blank
    and signs that systemd, cron and the shell all read.
    """
    folder = project / "a $folder's 50%"
    folder.mkdir()
    (folder / "config.yaml").write_text((project / "config.yaml").read_text())
    (folder / "python").write_text(STAND_IN.format(folder=project))
    (folder / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))

    def texts(*more: str) -> tuple[str, str]:
        arguments = ("--cron", MONDAY, *more, "--replace")
        assert schedule(capsys, folder, *arguments, "--with", "systemd")[0] == 0
        service = next(units.glob("*.service")).read_text()
        assert schedule(capsys, folder, *arguments, "--with", "cron")[0] == 0
        line = (units.parents[1] / "crontab.txt").read_text().splitlines()[-1]
        # cron's own reading: five fields, then a command in which \% is a percent sign
        return service, line.split(maxsplit=5)[5].replace("\\%", "%")

    return folder, texts


def sh(text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh", "-c", text], env={**os.environ, **environment}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("code", [0, 3, 4, 5, 6])
def test_answers_of_the_gate_are_no_faults(scheduled, project, code):
    folder, texts = scheduled
    service, line = texts()
    accepted = {0, *map(int, re.search(r"^SuccessExitStatus=(.*)$", service, re.MULTILINE)[1].split())}
    (folder / "runs").mkdir()  # ExecStartPre
    assert sh(from_within(folder, service), CODE=str(code)).returncode == code
    done = sh(line, CODE=str(code))
    assert (done.returncode == 0) == (code in accepted) == (code in {0, 3, 4})
    assert bool(done.stderr) == (code not in accepted)
    expected = "-m ntgate run ./config.yaml --inline --json"
    assert (project / "calls").read_text().splitlines() == [expected, expected]


@pytest.mark.parametrize(("drift", "ends", "calls"), [(0, 0, ["drift"]), (3, 4, ["drift", "run"]), (5, 5, ["drift"])])
def test_drift_first(scheduled, project, drift, ends, calls):
    folder, texts = scheduled
    service, line = texts("--drift-first")
    (folder / "runs").mkdir()
    assert sh(from_within(folder, service), DRIFT=str(drift), CODE="4").returncode == ends
    assert [call.split()[2] for call in (project / "calls").read_text().splitlines()] == calls
    (project / "calls").unlink()
    sh(line, DRIFT=str(drift), CODE="4")
    assert [call.split()[2] for call in (project / "calls").read_text().splitlines()] == calls


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock (util-linux) is not here")
def test_a_second_run_does_not_start(scheduled, project):
    folder, texts = scheduled
    service, line = texts()
    (folder / "runs").mkdir()
    with (folder / "runs" / ".config.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert sh(from_within(folder, service)).returncode == 75
        assert sh(line).returncode == 0
    assert not (project / "calls").exists()
    assert "SuccessExitStatus=3 4 7 75" in service


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_takes_the_units(project, units, capsys, tmp_path):
    assert schedule(capsys, project, "--cron", "0 6 1 * fri", "--with", "systemd", "--drift-first")[0] == 0
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", *units.iterdir()],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_of_configs_is_spread_over_the_minutes_that_are_said(project, units, capsys):
    content = (project / "config.yaml").read_text()
    (project / "common.yaml").write_text(content)
    (project / "config.yaml").unlink()
    for name in ("a", "b"):
        (project / f"{name}.yaml").write_text(f"base: common.yaml\nmodel: {{name: {name}}}\n")
    arguments = ["schedule", str(project), "--inline", "--json", "--cron", MONDAY, "--spread", "90"]

    assert command([*arguments, "--with", "systemd"]) == 0
    done = json.loads(capsys.readouterr().out)["schedules"]
    assert [one["outcome"] for one in done] == ["written", "written"]
    assert sorted(unit.stem for unit in units.glob("*.timer")) == sorted(one["name"] for one in done)
    for unit in units.glob("*.timer"):
        assert "\nRandomizedDelaySec=90min\nFixedRandomDelay=true\n" in unit.read_text()

    assert command([*arguments, "--with", "cron", "--replace"]) == 0
    capsys.readouterr()
    delays = [int(one) for one in re.findall(r"17 3 \* \* 1 sleep (\d+) && cd ", (units.parents[1] / "crontab.txt").read_text())]
    assert len(set(delays)) == 2
    assert all(0 <= delay < 90 * 60 for delay in delays)
    assert command(["schedule", str(project), "--inline", "--remove", "--json"]) == 0
    assert [one["outcome"] for one in json.loads(capsys.readouterr().out)["schedules"]] == ["removed", "removed"]

    (project / "b.yaml").write_text("base: common.yaml\nseed: x\n")
    assert command([*arguments, "--with", "systemd"]) == 2
    assert list(units.glob("*.timer")) == [], "none is scheduled where one is wrong"
    assert command(["schedule", str(units), "--cron", MONDAY]) == 2
    assert "expected configs, YAML or JSON files, got none" in capsys.readouterr().err
