"""A run where nothing is local: data on S3, an MLflow server on PostgreSQL that keeps its artifacts on S3, the ledger beside it.

The data and the artifacts have a bucket each, so that one can be lost without the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import psycopg
import pytest

from ntgate import flow
from ntgate.config import RunConfig
from ntgate.config_file import load
from ntgate.errors import RegistryError
from ntgate.registry.champion import champion, fetch
from ntgate.registry.client import connect
from ntgate.registry.history import history
from ntgate.registry.lock import holder
from ntgate.stages.progress_listener import Silent
from tests.checkout import python
from tests.s3 import Bucket
from tests.server import Server


@dataclass(frozen=True)
class Remote:
    """Where everything lies.

    Attributes:
        project: the folder of the config; it holds no data.
        settings: overrides of the config that lead to the stores.
        data: the bucket of the rows.
        artifacts: the bucket of models and reports.
        database: PostgreSQL's address, without the driver's name.
    """

    project: Path
    settings: tuple[str, ...]
    data: Bucket
    artifacts: Bucket
    database: str

    def config(self, *more: str) -> RunConfig:
        return load(self.project / "config.yaml", [*self.settings, *more])

    def run(self, *arguments: str) -> tuple[int, dict, str]:
        """The command line in a process of its own; exit code, answer, log."""
        overrides = [part for setting in self.settings for part in ("--set", setting)]
        config = str(self.project / "config.yaml")
        done = python(self.project / "zenml", "-m", "ntgate", "run", config, "--json", *overrides, *arguments)
        return done.returncode, json.loads(done.stdout), done.stderr

    def lose_artifacts(self) -> None:
        self.artifacts.files.rm(self.artifacts.name, recursive=True)

    def uses(self) -> int:
        """Decisions in the ledger, asked of PostgreSQL itself."""
        with psycopg.connect(self.database) as session:
            return session.execute("SELECT count(DISTINCT decision_id) FROM ntgate_ledger_entries").fetchone()[0]


@pytest.fixture
def stores(project: Path, s3: Bucket, postgres: str) -> Remote:
    """The data on S3 and gone from here, an empty bucket for artifacts, an empty database for the ledger."""
    paths = {name: s3.put(project / f"{name}.npz", f"rows/{name}.npz") for name in ("source", "target", "target_test")}
    for name in paths:
        (project / f"{name}.npz").unlink()
    artifacts = Bucket(f"{s3.name}-artifacts", s3.endpoint, s3.environment)
    artifacts.files.mkdir(artifacts.name)
    settings = (
        *(f"data.{name}.path={path}" for name, path in paths.items()),
        f"gate.ledger.uri={postgres}",
        "gate.ledger.horizon=2",  # the successor is judged on the same rows
        "gate.ledger.withhold=false",
        "strategies=[{kind: linear_pool}]",
    )
    return Remote(project, settings, s3, artifacts, postgres.replace("postgresql+psycopg", "postgresql"))


@pytest.fixture
def remote(stores: Remote, postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    """The same with an MLflow server that alone reaches the artifacts."""
    folder = tmp_path_factory.mktemp("server")
    with Server(folder, postgres, stores.artifacts.url("mlflow")) as server:
        yield Remote(
            stores.project, (*stores.settings, f"registry.uri={server.address}"), stores.data, stores.artifacts, stores.database
        )
        assert not (folder / "artifacts").exists()


@pytest.fixture
def direct(stores: Remote, postgres: str) -> Remote:
    """The same without a server: this process reaches the database and the artifacts."""
    settings = (f"registry.uri={postgres}", f"registry.artifact_location={stores.artifacts.url('mlflow')}")
    return Remote(stores.project, (*stores.settings, *settings), stores.data, stores.artifacts, stores.database)


class LosesArtifacts(Silent):
    """Deletes the bucket between the decision and the promotion."""

    def __init__(self, remote: Remote) -> None:
        self.remote, self.told = remote, ""

    def stage(self, name: str) -> None:
        if name.startswith("gate: "):
            self.told = name
            self.remote.lose_artifacts()


@pytest.mark.slow
def test_a_run_and_its_successor(remote, tmp_path):
    code, first, log = remote.run("--inline")
    assert code == 0, log
    assert "Traceback" not in log
    assert (first["outcome"], first["registry"]["version"], first["champion"]) == ("promoted", "1", None)
    assert remote.uses() == 1
    kept = remote.artifacts.files.find(remote.artifacts.name)
    assert sum(key.endswith("/model.onnx") for key in kept) == 2  # the candidate's and scratch's
    assert {"decision.json", "report.html", "drift.html"} <= {key.rsplit("/", 1)[-1] for key in kept}

    config = remote.config()
    registry = connect(config.registry, "reader")
    model = fetch(registry, champion(registry), tmp_path / "fetched")
    rows = np.load(_fetched(remote, "target_test", tmp_path), allow_pickle=False)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    scores = session.run(None, {session.get_inputs()[0].name: rows["x"]})[0]
    right = (scores.argmax(axis=1) == rows["y"]).mean()
    assert right == pytest.approx(first["candidate"]["value"])  # what is kept there is what was judged here

    code, second, log = remote.run("--inline", "--set", "seed=1")
    assert code in {0, 3, 4}, log
    assert second["champion"]["version"] == "1"
    assert "champion" in {finding["rule"] for finding in second["findings"]}
    assert remote.uses() == 2


@pytest.mark.slow
def test_the_pipeline_on_zenml(remote):
    code, answer, log = remote.run()
    assert code == 0, log
    assert (answer["outcome"], answer["registry"]["version"]) == ("promoted", "1")
    assert remote.uses() == 1
    code, again, log = remote.run("--set", "seed=1")
    assert code in {0, 3, 4}, log
    assert again["champion"]["version"] == "1"


@pytest.mark.parametrize("reached", [pytest.param("remote", marks=pytest.mark.slow), "direct"])
def test_the_artifacts_are_lost_before_the_promotion(reached, request):
    here = request.getfixturevalue(reached)
    config, loses = here.config(), LosesArtifacts(here)
    with pytest.raises(RegistryError) as caught:
        flow.run(config, listener=loses)
    assert loses.told == "gate: promoted"
    assert caught.value.exit_code == 6
    said = str(caught.value)
    assert said.startswith("registry ")
    assert "\n" not in said
    assert "a-secret-key" not in said
    registry = connect(config.registry, "reader")
    assert champion(registry) is None
    assert history(registry) == []
    assert holder(registry) is None
    runs = registry.client.search_runs([registry.experiment()])
    assert "FAILED" in {run.info.status for run in runs}


@pytest.mark.slow
def test_the_champion_is_lost(direct):
    """Its version is there and its model is not: no comparison, so no decision."""
    code, _, log = direct.run("--inline")
    assert code == 0, log
    direct.lose_artifacts()
    code, _, log = direct.run("--inline", "--set", "seed=1")
    assert code == 6, log
    assert "Traceback" not in log
    assert direct.uses() == 1
    assert champion(connect(direct.config().registry, "reader")).version == "1"


def _fetched(remote: Remote, name: str, folder: Path) -> Path:
    remote.data.files.get(remote.data.url(f"rows/{name}.npz"), str(folder / f"{name}.npz"))
    return folder / f"{name}.npz"
