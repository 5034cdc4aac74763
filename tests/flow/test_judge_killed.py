"""`ntgate judge` killed at every boundary: run again it says the same, nothing is spent twice, nothing is lost, one is promoted."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ntgate.registry.client import connect
from ntgate.registry.history import history
from ntgate.registry.lock import holder
from ntgate.stages.judge import judge
from tests.flow.judging import judged
from tests.flow.test_labels import POOL, Run, made_inconclusive

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

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


@dataclass
class Prepared:
    """A run whose rows were asked for and labelled, and the verdict of a judge that nobody kills.

    Attributes:
        folder: of the run.
        y: the truth of its pool.
        copied: makes a copy of the registry for a copy of the folder, and says its address; removed: removes it.
        labels: their file.
        result: the verdict; spent: what the ledger says after it.
    """

    folder: Path
    y: Any
    copied: Callable[[Path], str]
    removed: Callable[[str], None]
    labels: str = ""
    result: Any = None
    spent: Any = None

    def copy(self, folder: Path) -> Run:
        shutil.copytree(self.folder, folder)
        return Run(folder, self.y, self.copied(folder))

    def remove(self, run: Run) -> None:
        shutil.rmtree(run.folder)
        self.removed(run.uri)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def prepared(request, tmp_path_factory, digits) -> Prepared:
    top, y = tmp_path_factory.mktemp("asked"), digits[1][POOL]
    folder = top / "run"
    folder.mkdir()
    if request.param == "sqlite":
        made_inconclusive(folder, digits)
        run = Run(folder, y)
        made = Prepared(folder, y, lambda copy: f"sqlite:///{copy / 'mlflow.db'}", lambda _: None)
    else:
        cluster = request.getfixturevalue("postgres_cluster")
        run = _on_postgresql(cluster, folder, digits)
        name = run.uri.rpartition("/")[2]

        def copied(_: Path) -> str:
            cluster.disconnect(name)  # who is connected to a template keeps it from being copied
            return cluster.database(name)

        def removed(uri: str) -> None:
            cluster.execute(f"DROP DATABASE {uri.rpartition('/')[2]} WITH (FORCE)")

        made = Prepared(folder, y, copied, removed)
    made.labels = run.labels(0, run.ask().asked)
    whole = made.copy(top / "whole")
    made.result = judge(whole.frozen, [made.labels])
    assert made.result.outcome == "promoted"
    made.spent = whole.spent
    return made


def _on_postgresql(cluster: Any, folder: Path, digits: Any) -> Run:
    uri = cluster.database()
    made_inconclusive(folder, digits, uri=uri, artifact_location=(folder.parent / "artifacts").as_uri())
    return Run(folder, digits[1][POOL], uri)


def killed(folder: Path, prepared: Prepared, fatal: int | None) -> tuple[Run, bool, list[str]]:
    """The run in a folder of its own whose judge was killed there, whether it lived, and the boundaries that it reached."""
    run = prepared.copy(folder)
    process = FOREST.Process(target=judged, args=(str(run.path), run.uri, [prepared.labels], fatal))
    process.start()
    process.join(600)
    assert process.exitcode in (0, -signal.SIGKILL)
    return run, process.exitcode == 0, (run.path.parent / "boundaries.txt").read_text().splitlines()


def goes_on(run: Run, prepared: Prepared, where: str, again: Sequence[list[str]] = ()) -> None:
    """Judge again, without the labels where they were kept; then again with these."""
    expected = prepared.result
    kept = (run.path / "labels.json").exists()
    for files in ([] if kept else [prepared.labels], *again):
        result = judge(run.frozen, files)
        for key in ("outcome", "sentence", "gain", "gain_interval", "p_value", "decision_id"):
            assert getattr(result, key) == getattr(expected, key), where
        assert result.registry["version"] == run.champion == expected.registry["version"], where
        assert run.spent == prepared.spent, where
    registry = connect(run.frozen.config.registry, "reader")
    assert [entry.state for entry in history(registry) if entry.state == "promoted"] == ["promoted"], where
    assert holder(registry) is None, where
    (recorded,) = registry.client.search_runs([registry.experiment()], "tags.`ntgate.judged` != ''")
    assert recorded.data.tags["ntgate.outcome"] == "promoted", where
    assert json.loads((run.path / "judged_result.json").read_text())["outcome"] == "promoted", where


def test_killed_where_something_has_just_been_kept(prepared, tmp_path):
    _, lived, reached = killed(tmp_path / "whole", prepared, None)
    assert lived
    for number, name in enumerate(NAMED):
        run, lived, before = killed(tmp_path / str(number), prepared, reached.index(name) + 1)
        assert not lived
        assert before[-1] == name
        goes_on(run, prepared, name, again=([prepared.labels], []))


def test_killed_at_every_boundary(prepared, tmp_path):
    for number in itertools.count(1):
        run, lived, reached = killed(tmp_path / str(number), prepared, number)
        goes_on(run, prepared, f"{number}, {reached[-1]}")
        prepared.remove(run)
        if lived:
            break
    assert number > 40
