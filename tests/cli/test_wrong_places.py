"""Names, paths and addresses that can lead nowhere: one sentence, and the exit code of what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ntgate.cli.app import run as command
from ntgate.endpoint import at
from ntgate.errors import ConfigError
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from tests.checkout import ROOT

LONG = "n" * 300
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def refused(capsys, code: int, *words: str) -> str:
    capsys.readouterr()
    assert command([*words, "--json"]) == code
    told = capsys.readouterr()
    assert "internal error" not in told.err
    return str(json.loads(told.out)["errors"][0]["message"])


@pytest.mark.parametrize("uri", ["postgresql://u:p@h:abc/db", "http://h:abc", "http://h:99999", "mysql://u:p/w@h:5x/db"])
def test_a_port_that_is_no_number(project, capsys, uri):
    for words in (["status", "m", "--uri", uri], ["validate", str(project / "config.yaml"), "--set", f"registry.uri={uri}"]):
        assert "expected an address with a number from 1 to 65535 as its port" in refused(capsys, 2, *words)


def test_nor_one_that_a_variable_brings(project, capsys, monkeypatch):
    monkeypatch.setenv("PLACE", "h:abc")
    for key in ("registry.uri", "gate.ledger.uri"):
        sets = ["--set", f"{key}=postgresql://u:${{PLACE}}/db", "--set", f"{key}=postgresql://u:p@${{PLACE}}/db"]
        assert key in refused(capsys, 2, "validate", str(project / "config.yaml"), *sets)


@pytest.mark.parametrize("address", ["http://..", f"http://{LONG}", f"http://{LONG}.example:80"])
def test_a_host_that_is_none(address):
    with pytest.raises(ConfigError, match="--endpoint: expected an http:// or https:// address"):
        at(address)


def test_a_host_in_other_letters():
    assert at("http://☃:1").address == "http://xn--n3h:1/invocations"


@pytest.mark.parametrize("place", ["/dev/null/x", "/proc/xx", LONG, f"{LONG}/x"])
@pytest.mark.parametrize("check", [[], ["--check"]])
def test_a_project_that_cannot_be_made(tmp_path, monkeypatch, capsys, place, check):
    monkeypatch.chdir(tmp_path)
    if check and not place.startswith("n"):
        return  # nothing is there, which is an answer
    assert "expected a folder that can be made" in refused(capsys, 2, "init", place, *check)


@pytest.mark.parametrize(
    "words",
    [
        ["explain", LONG],
        ["replay", LONG],
        ["report", LONG],
        ["compare", LONG, LONG],
        ["judge", LONG, "x.csv"],
        ["ask", LONG, "--pool", "x.csv", "--n", "5"],
        ["gc", "m", "--uri", "sqlite:///{}/m.db", "--runs", LONG],
        ["status", "m", "--uri", f"sqlite:///{LONG}"],
        ["run", "{}/config.yaml", "--inline", "--set", f"output=/tmp/{LONG}"],
        ["validate", "{}/config.yaml", "--set", f"registry.uri=sqlite:////tmp/{LONG}"],
    ],
    ids=lambda words: words[0],
)
def test_a_name_that_no_file_can_have(project, monkeypatch, capsys, words):
    monkeypatch.chdir(project)
    if words[0] == "gc":
        connect(RegistryConfig(uri=f"sqlite:///{project}/m.db"), "m")
    told = refused(capsys, 2, *[word.format(project) for word in words])
    assert len(told) < 400


@pytest.mark.parametrize("name", ["a/b", "", " ", "a:b"])
@pytest.mark.parametrize("line", [["status"], ["rollback"], ["gc"], ["lock", "break"]], ids=lambda line: line[0])
def test_a_name_that_no_model_can_have(tmp_path, capsys, name, line):
    assert "NAME: expected the name of a registered model" in refused(capsys, 2, *line, name, "--uri", f"sqlite:///{tmp_path}/m.db")


@pytest.mark.parametrize(("place", "what"), [("/tmp", "a folder"), ("/dev/null", "a device")])
def test_a_registry_that_is_no_file(capsys, place, what):
    for line in (["status", "m"], ["status"], ["rollback", "m"]):
        assert f"expected a SQLite file {place}, got {what}" in refused(capsys, 6, *line, "--uri", f"sqlite:///{place}")


@pytest.mark.parametrize(
    ("uri", "module"), [("mysql://h/db", "MySQLdb"), ("mssql+pyodbc://h/db", "pyodbc"), ("postgresql+asyncpg://h/db", "asyncpg")]
)
def test_a_driver_that_is_missing_is_named(capsys, uri, module):
    told = refused(capsys, 2, "status", "m", "--uri", uri)
    assert f"expected the driver that the address names, got no module {module}" in told
    assert "postgres]" not in told


def started(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = line.replace("ntgate", f'"{sys.executable}" -m ntgate', 1)
    return subprocess.run(["bash", "-c", line], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_working_directory_that_is_gone(project):
    (project / "gone").mkdir()
    done = started(project / "gone", f"rmdir ../gone; PYTHONSAFEPATH=1 ntgate validate {project}/config.yaml")
    assert done.returncode == 2, done.stderr
    assert "working directory: expected a folder that exists, got one that was deleted" in done.stderr


@FULL
def test_help_for_which_there_is_no_room(tmp_path):
    done = started(tmp_path, "ntgate --help > /dev/full")
    assert done.returncode == 74
    assert "standard output: expected a place that takes the answer" in done.stderr


def test_a_full_disk_is_named_by_the_project(tmp_path, monkeypatch, capsys):
    def full(origin, place):
        raise OSError(28, "No space left on device", str(origin))

    monkeypatch.setattr("shutil.copyfile", full)
    told = refused(capsys, 74, "init", str(tmp_path / "new"))
    assert told == f"{tmp_path / 'new'}: expected room for a project, got No space left on device; make room there, and run again."


def test_a_path_that_nobody_else_tells_of(monkeypatch, capsys):
    def denied(*_):
        raise PermissionError(13, "Permission denied", "/srv/secret-place")

    monkeypatch.setattr("ntgate.config.RunConfig.model_json_schema", denied)
    assert (
        refused(capsys, 2, "schema")
        == "/srv/secret-place: expected a path that can be used, got permission denied; name another one."
    )
