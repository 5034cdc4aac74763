"""A run in one process whose ``output`` is an S3 store: what ends up there, and what happens when the store does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ntgate.cli.app import run as command
from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.errors import NtgateError, StoreError
from ntgate.flow import drift, plan, run
from ntgate.registry.champion import champion
from ntgate.registry.client import connect, exists
from ntgate.stages.progress_listener import Silent

QUICK = ("gate.seeds=1", "strategies=[fine_tuning, linear_pool]")


def away(project: Path, s3, monkeypatch: pytest.MonkeyPatch, *more: str) -> RunConfig:
    """The config with its output on S3, and a cache of the test's own."""
    monkeypatch.setenv("NTGATE_CACHE", str(project / "cache"))
    return load(project / "config.yaml", [*QUICK, f"output={s3.url('team/runs')}", *more])


@pytest.mark.slow
def test_the_pages_lie_in_the_store_and_the_decision_is_the_same(project, s3, monkeypatch):
    here = run(load(project / "config.yaml", [*QUICK, "shift.evidently=true"]), dry_run=True)
    (project / "mlflow.db").unlink()  # and with it the ledger, which would know these models again
    config = away(project, s3, monkeypatch, "shift.evidently=true")
    result = run(config)
    assert result.directory.startswith(s3.url("team/runs/reader/"))
    for key in ("outcome", "decision_id", "gain", "gain_interval", "p_value", "findings"):
        assert getattr(result, key) == getattr(here, key), key
    told = result.as_json()
    assert told["reports"] == {name: f"{result.directory}/{name}.html" for name in ("report", "drift", "evidently")}
    files = {path.rpartition("/")[2] for path in s3.files.ls(result.directory)}
    pages = {f"{name}.html" for name in ("report", "drift", "evidently")}
    assert files == {"run.json", "history.json", "result.json", "decision.json", *pages}
    assert json.loads(s3.files.cat_file(f"{result.directory}/run.json"))["outcome"] == result.outcome
    page = s3.files.cat_file(told["reports"]["report"])
    assert page == result.reports["report"].verified().read_bytes()
    assert told["onnx"]["candidate"].startswith(s3.url("team/runs/files/"))
    assert s3.files.exists(told["onnx"]["candidate"])
    assert not list((project / "cache" / "work").glob("*/*"))  # the folder in which the stages worked
    found = champion(connect(config.registry, "reader"))
    assert found is not None
    assert found.version == result.registry["version"]
    before = set(s3.files.find(s3.url("team/runs/files")))
    run(config, dry_run=True)
    more = {path.rpartition("/")[2] for path in set(s3.files.find(s3.url("team/runs/files"))) - before}
    assert "source.npz" not in more  # content that lies there is not sent again


def test_a_drift_check(project, s3, monkeypatch, capsys):
    checked = drift(away(project, s3, monkeypatch))
    assert checked.as_json()["report"] == f"{checked.directory}/drift.html"
    assert s3.files.exists(checked.report.path)


class At(Silent):
    """Does something when a stage begins."""

    def __init__(self, stage: str, act: Callable[[], None]) -> None:
        self.at, self.act = stage, act

    def stage(self, name: str) -> None:
        if name.startswith(self.at):
            self.act()


def not_promoted(config: RunConfig) -> bool:
    return not exists(config.registry) or champion(connect(config.registry, "reader")) is None


@pytest.mark.parametrize("stage", ["source", "train", "evaluate", "gate"])
def test_a_store_that_is_lost_between_two_stages_ends_the_run_unpromoted(project, s3, monkeypatch, stage):
    config = away(project, s3, monkeypatch)
    with pytest.raises(StoreError, match="expected a store that can be written") as told:
        run(config, listener=At(stage, lambda: s3.files.rm(s3.name, recursive=True)))
    assert told.value.exit_code == 6
    assert not_promoted(config)


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"others", 5, "source.safetensors: expected sha256 "),
        (None, 6, "source.safetensors: expected a file that an earlier stage wrote"),
    ],
    ids=["changed", "missing"],
)
def test_a_file_that_is_not_what_it_was_ends_the_run_and_not_just_an_arm(project, s3, monkeypatch, content, code, said):
    """As on another machine: the cache of this one is lost, too."""

    def lose() -> None:
        shutil.rmtree(project / "cache")
        (weights,) = s3.files.glob(s3.url("team/runs/files/*/*/source.safetensors"))
        if content is None:
            s3.files.rm(weights)
        else:
            s3.files.pipe_file(weights, content)

    config = away(project, s3, monkeypatch)
    with pytest.raises(NtgateError, match=said) as told:
        run(config, listener=At("plan", lose))
    assert told.value.exit_code == code
    assert not_promoted(config)


def test_a_plan_leaves_nothing_in_the_store(project, s3, monkeypatch):
    assert plan(away(project, s3, monkeypatch))[1].slots
    assert s3.files.find(s3.name) == []


@pytest.mark.parametrize(
    ("output", "code", "said"),
    [
        ("gopher://host/runs", 2, "got gopher://host/runs: Protocol not known: gopher; set output"),
        ("s3://key:secret@bucket/runs", 2, "an address without credentials, got s3://***@bucket/runs"),
    ],
)
def test_validate_names_an_output_that_is_no_place(project, capsys, output, code, said):
    for name in ("validate", "run"):
        more = ("--inline",) if name == "run" else ()
        assert command([name, str(project / "config.yaml"), *more, "--json", "--set", f"output={output}"]) == code
        (error,) = json.loads(capsys.readouterr().out)["errors"]
        assert said in error["message"]
    assert not (project / "mlflow.db").exists()
