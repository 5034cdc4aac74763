"""The whole way over a real MLflow server, read back with nothing but HTTP."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request

import numpy as np
import pytest

from ntgate.errors import ChampionMovedError
from ntgate.registry.champion import champion, fetch
from ntgate.registry.client import connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.history import history
from ntgate.registry.promotion import PromotionRequest, promote
from ntgate.registry.repair import rollback
from ntgate.registry.tracking import record


@pytest.fixture
def ask(server):
    def ask(path: str, content: dict | None = None, **query: str):
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(
            f"{server}/api/2.0/{path}?{urllib.parse.urlencode(query)}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    return ask


def wanted(done, decision: str, seen: str | None) -> PromotionRequest:
    return PromotionRequest(
        decision_id=decision,
        champion_seen=seen,
        run_id=done.runs["fine_tuning"],
        model_id=done.models["fine_tuning"],
        description="**promoted**: fine_tuning beats scratch.",
        tags={"ntgate.strategy": "fine_tuning"},
    )


def test_promotion_over_http(server, ask, array_model, make_run, tmp_path, capfd):
    (tmp_path / "decision.json").write_text('{"outcome": "promoted"}')
    registry = connect(RegistryConfig(uri=server), "http-reader")
    done = record(registry, make_run(array_model, (tmp_path / "decision.json",)))
    assert capfd.readouterr().out == ""  # stdout is for the one JSON object
    assert champion(registry) is None
    version = promote(registry, wanted(done, "d1", None))
    assert promote(registry, wanted(done, "d1", None)) == version

    model = ask("mlflow/registered-models/get", name="http-reader")["registered_model"]
    assert model["aliases"] == [{"alias": "champion", "version": "1"}]
    found = ask("mlflow/model-versions/get", name="http-reader", version="1")["model_version"]
    tags = {tag["key"]: tag["value"] for tag in found["tags"]}
    assert tags == {
        "ntgate.decision_id": "d1",
        "ntgate.state": "promoted",
        "ntgate.previous_champion": "none",
        "ntgate.strategy": "fine_tuning",
    }
    assert (found["run_id"], found["status"]) == (done.runs["fine_tuning"], "READY")
    assert found["description"].startswith("**promoted**")

    parent = ask("mlflow/runs/get", run_id=done.run_id)["run"]
    assert {entry["key"]: entry["value"] for entry in parent["data"]["metrics"]} == {"gain": 0.03, "p_value": 0.002}
    contexts = {tag["value"] for entry in parent["inputs"]["dataset_inputs"] for tag in entry["tags"]}
    assert contexts == {"source", "train", "validation", "test"}
    assert [file["path"] for file in ask("mlflow/artifacts/list", run_id=done.run_id)["files"]] == ["decision.json"]
    with urllib.request.urlopen(f"{server}/get-artifact?path=decision.json&run_uuid={done.run_id}", timeout=30) as got:
        assert json.load(got) == {"outcome": "promoted"}
    query = {"experiment_ids": [done.experiment_id], "filter": f"tags.`mlflow.parentRunId` = '{done.run_id}'"}
    children = ask("mlflow/runs/search", query)["runs"]
    assert {run["info"]["run_name"]: run["info"]["status"] for run in children} == {
        "fine_tuning": "FINISHED",
        "scratch": "FINISHED",
        "feature_extraction": "FAILED",
    }
    names = [entry["name"] for entry in ask("mlflow/registered-models/search").get("registered_models", [])]
    assert [name for name in names if "http-reader" in name] == ["http-reader"]  # no lock is left

    assert fetch(registry, champion(registry), tmp_path / "fetched").read_bytes() == array_model.path.read_bytes()
    with pytest.raises(ChampionMovedError):
        promote(registry, wanted(done, "d2", None))
    assert promote(registry, wanted(done, "d2", "1")) == "2"
    assert [(entry.version, entry.champion) for entry in history(registry)] == [("2", True), ("1", False)]
    assert rollback(registry) == "1"


def test_anybody_can_load_the_champion_by_its_alias(server, array_model, make_run, monkeypatch):
    import mlflow

    registry = connect(RegistryConfig(uri=server), "served-reader")
    promote(registry, wanted(record(registry, make_run(array_model)), "d1", None))
    mlflow.set_tracking_uri(None)  # whatever another test of this process has set
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    scores = mlflow.pyfunc.load_model("models:/served-reader@champion").predict(array_model.example)
    assert list(scores.columns) == ["cat", "dog", "fox"]
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


def test_two_promoters_over_http(server, promoters, array_model, make_run):
    config = RegistryConfig(uri=server)
    registry = connect(config, "reader")
    done = record(registry, make_run(array_model))
    processes = promoters(config, [wanted(done, "d1", None), wanted(done, "d2", None)])
    for process in processes:
        process.join(90)
    told = [json.loads(process.answer.read_text()) for process in processes]
    assert sorted(key for answer in told for key in answer) == ["error", "sentence", "version"]
    assert len(history(registry)) == 1
