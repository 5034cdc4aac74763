"""`ntgate judge` killed at every boundary: run again it says the same, nothing is spent twice, nothing is lost, one is promoted."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ntgate.registry.client import connect
from ntgate.registry.history import history
from ntgate.registry.lock import holder
from ntgate.stages.judge import judge
from tests.flow.judging import judged
from tests.flow.test_labels import POOL, Run, inconclusive  # noqa: F401  the fixture

FOREST = multiprocessing.get_context("forkserver")
FOREST.set_forkserver_preload(["mlflow", "ntgate.stages.judge", "ntgate.stages.promote", "mlflow.store.tracking.sqlalchemy_store"])
# The first of each of these, run again several times.
NAMED = (
    "file: before labels.json",
    "ledger: after",
    "file: after judged.json",
    "registry: create_model_version",
    "registry: set_registered_model_alias",
    "registry: log_artifact",
    "file: before judged_result.json",
)


@pytest.fixture(scope="module")
def asked(inconclusive: Path, tmp_path_factory, digits) -> tuple[Path, str, Any]:  # noqa: F811
    """A run whose rows were asked for and labelled, the labels, and the verdict of a judge that nobody kills."""
    folder = tmp_path_factory.mktemp("asked") / "run"
    shutil.copytree(inconclusive, folder)
    run = Run(folder, digits[1][POOL])
    labels = run.labels(0, run.ask().asked)
    shutil.copytree(folder, folder.parent / "whole")
    whole = Run(folder.parent / "whole", digits[1][POOL])
    result = judge(whole.frozen, [labels])
    assert result.outcome == "promoted"
    return folder, labels, (result, whole.spent)


def killed(folder: Path, asked: tuple[Path, str, Any], y: Any, fatal: int | None) -> tuple[Run, bool, list[str]]:
    """The run in a folder of its own whose judge was killed there, whether it lived, and the boundaries that it reached."""
    shutil.copytree(asked[0], folder)
    run = Run(folder, y)
    process = FOREST.Process(target=judged, args=(str(run.path), run.uri, [asked[1]], fatal))
    process.start()
    process.join(120)
    assert process.exitcode in (0, -signal.SIGKILL)
    return run, process.exitcode == 0, (run.path.parent / "boundaries.txt").read_text().splitlines()


def goes_on(run: Run, asked: tuple[Path, str, Any], where: str, again: Sequence[list[str]] = ()) -> None:
    """Judge again, without the labels where they were kept; then again with these."""
    expected, spent = asked[2]
    kept = (run.path / "labels.json").exists()
    for files in ([] if kept else [asked[1]], *again):
        result = judge(run.frozen, files)
        for key in ("outcome", "sentence", "gain", "gain_interval", "p_value", "decision_id"):
            assert getattr(result, key) == getattr(expected, key), where
        assert result.registry["version"] == run.champion == expected.registry["version"], where
        assert run.spent == spent, where
    registry = connect(run.frozen.config.registry, "reader")
    assert [entry.state for entry in history(registry) if entry.state == "promoted"] == ["promoted"], where
    assert holder(registry) is None, where
    (recorded,) = registry.client.search_runs([registry.experiment()], "tags.`ntgate.judged` != ''")
    assert recorded.data.tags["ntgate.outcome"] == "promoted", where
    assert json.loads((run.path / "judged_result.json").read_text())["outcome"] == "promoted", where


@pytest.mark.slow
def test_killed_where_something_has_just_been_kept(asked, tmp_path, digits):
    y = digits[1][POOL]
    _, lived, reached = killed(tmp_path / "whole", asked, y, None)
    assert lived
    for number, name in enumerate(NAMED):
        run, lived, before = killed(tmp_path / str(number), asked, y, reached.index(name) + 1)
        assert not lived
        assert before[-1] == name
        goes_on(run, asked, name, again=([asked[1]], []))


@pytest.mark.slow
def test_killed_at_every_boundary(asked, tmp_path, digits):
    for number in itertools.count(1):
        run, lived, reached = killed(tmp_path / str(number), asked, digits[1][POOL], number)
        goes_on(run, asked, f"{number}, {reached[-1]}")
        shutil.rmtree(run.folder)
        if lived:
            break
    assert number > 40
