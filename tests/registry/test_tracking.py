"""What a reviewer finds in MLflow after a run."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from ntgate.errors import RegistryError
from ntgate.registry.final_page import keep_final_page
from ntgate.registry.records import DatasetRecord, RunRecord
from ntgate.registry.run_pages import fetch_pages
from ntgate.registry.schema import dataset_schema
from ntgate.registry.tracking import record


def test_runs_of_a_promotion(registry, array_model, make_run, tmp_path):
    (tmp_path / "decision.json").write_text("{}")
    done = record(registry, make_run(array_model, (tmp_path / "decision.json",)))
    client = registry.client
    parent = client.get_run(done.run_id)
    assert parent.info.run_name == "promoted 2026-01-01"
    assert parent.info.status == "FINISHED"
    assert parent.data.params == {"gate.alpha": "0.05", "seed": "0"}
    assert parent.data.metrics == {"gain": 0.03, "p_value": 0.002}
    assert parent.data.tags["ntgate.outcome"] == "promoted"
    assert parent.data.tags["mlflow.note.content"].startswith("**promoted**")
    assert parent.data.tags["mlflow.source.name"] == "ntgate"
    assert [file.path for file in client.list_artifacts(done.run_id)] == ["decision.json"]
    children = client.search_runs([done.experiment_id], f"tags.`mlflow.parentRunId` = '{done.run_id}'")
    assert {run.info.run_name: run.info.status for run in children} == {
        "fine_tuning": "FINISHED",
        "scratch": "FINISHED",
        "feature_extraction": "FAILED",
    }
    curve = client.get_metric_history(done.runs["fine_tuning"], "validation_loss")
    assert [(point.step, point.value) for point in curve] == [(step, 1.5 / (step + 1)) for step in range(10)]


def test_data_sets_of_the_runs(registry, array_model, make_run):
    done = record(registry, make_run(array_model))
    seen = {}
    for name, run_id in {"parent": done.run_id, **done.runs}.items():
        inputs = registry.client.get_run(run_id).inputs.dataset_inputs
        seen[name] = {tag.value: entry.dataset for entry in inputs for tag in entry.tags if tag.key == "mlflow.data.context"}
    assert set(seen["parent"]) == set(seen["fine_tuning"]) == {"source", "train", "validation", "test"}
    assert set(seen["scratch"]) == {"train", "validation", "test"}  # it never saw the source
    test = seen["parent"]["test"]
    assert (test.name, test.digest) == ("test", "d" * 32)
    assert json.loads(test.source) == {"uri": "/data/test.npz"}
    assert json.loads(test.profile) == {"num_rows": 100}
    features = json.loads(json.loads(test.schema)["mlflow_tensorspec"]["features"])
    assert features[0]["tensor-spec"] == {"dtype": "float32", "shape": [-1, 4]}


def test_schema_of_a_table():
    columns = json.loads(dataset_schema([("length", "float", (-1, 1)), ("colour", "string", (-1, 1))], "table"))
    assert [(column["name"], column["type"]) for column in columns["mlflow_colspec"]] == [("length", "float"), ("colour", "string")]


def test_the_models_page(registry, array_model, make_run):
    done = record(registry, make_run(array_model))
    assert set(done.models) == {"fine_tuning", "scratch"}
    model = registry.client.get_logged_model(done.models["fine_tuning"])
    assert (model.name, model.status, model.source_run_id) == ("fine_tuning", "READY", done.runs["fine_tuning"])
    metrics = {metric.key: metric for metric in model.metrics}
    assert metrics["test_accuracy"].value == 0.93
    assert metrics["test_accuracy"].dataset_name == "test"
    outputs = registry.client.get_run(done.runs["fine_tuning"]).outputs.model_outputs
    assert [output.model_id for output in outputs] == [done.models["fine_tuning"]]


def test_the_array_model_takes_raw_rows(registry, array_model, make_run):
    import mlflow
    import onnxruntime

    done = record(registry, make_run(array_model))
    loaded = mlflow.pyfunc.load_model(registry.client.get_logged_model(done.models["fine_tuning"]).artifact_location)
    rows = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    expected = onnxruntime.InferenceSession(array_model.path).run(None, {"x": rows})[0]
    predicted = loaded.predict(rows)
    assert list(predicted.columns) == ["cat", "dog", "fox"]
    np.testing.assert_allclose(predicted, expected, rtol=1e-6)
    labels = loaded.predict(rows, params={"output": "labels"})
    assert labels.tolist() == predicted.idxmax(axis=1).tolist()
    np.testing.assert_array_equal(loaded.input_example, array_model.example)
    assert loaded.metadata.metadata == {"classes": ["cat", "dog", "fox"]}
    with pytest.raises(Exception, match="shape"):
        loaded.predict(np.zeros((5, 3), np.float32))


def test_the_table_model_takes_a_data_frame(registry, table_model, make_run):
    import mlflow
    import onnxruntime

    done = record(registry, make_run(table_model))
    loaded = mlflow.pyfunc.load_model(registry.client.get_logged_model(done.models["fine_tuning"]).artifact_location)
    table = pd.DataFrame({"length": np.array([1.0, 2.5, np.nan], np.float32), "colour": ["red", "blue", "unheard of"]})
    feed = {"length": table[["length"]].to_numpy(), "colour": table[["colour"]].to_numpy(dtype=object)}
    expected = onnxruntime.InferenceSession(table_model.path).run(None, feed)[0]
    np.testing.assert_allclose(loaded.predict(table), expected, rtol=1e-6)


def test_the_limits_of_mlflow_are_kept(registry):
    run = RunRecord(
        name="many",
        note="x" * 50_000,
        parameters={f"p{i}": "y" * 10_000 for i in range(250)},
        metrics={"gain": float("inf"), "p_value": float("nan"), "n": 3.0},
        tags={},
        candidates=[],
        artifacts=[],
        datasets=[DatasetRecord("test", "0" * 64, 1, "test", "t.npz")],
    )
    found = registry.client.get_run(record(registry, run).run_id)
    assert len(found.data.params) == 250
    assert found.data.metrics == {"n": 3.0}
    assert found.data.tags["mlflow.note.content"] == "x" * 5000


def seen(registry):
    runs = registry.client.search_runs([registry.experiment()])
    models = registry.client.search_logged_models([registry.experiment()])
    return sorted((run.info.run_name, run.info.status) for run in runs), sorted(model.status for model in models)


def test_recording_twice_is_recording_once(registry, array_model, make_run):
    run = dataclasses.replace(make_run(array_model), key="d1 2026-01-01")
    first = record(registry, run)
    assert record(registry, run) == first
    assert len(seen(registry)[0]) == 4
    assert record(registry, dataclasses.replace(run, key="d1 2026-01-02")).run_id != first.run_id


@pytest.mark.parametrize("call", ["log_artifact", "log_outputs", "log_batch", "set_terminated"])
@pytest.mark.parametrize("last", [False, True])
def test_a_registry_that_went_away_has_the_run_once_when_it_is_back(registry, array_model, make_run, tmp_path, call, last):
    """``last``: of several requests the last one is lost, so that most has been recorded."""
    (tmp_path / "decision.json").write_text("{}")
    run = dataclasses.replace(make_run(array_model, (tmp_path / "decision.json",)), key="d1 2026-01-01")
    whole = Counting(registry.client, call, until=10**9)
    done = record(registry.__class__(whole, registry.config, "reader"), dataclasses.replace(run, key="other"))
    away = Counting(registry.client, call, until=whole.calls if last else 1)
    with pytest.raises(RegistryError):
        record(registry.__class__(away, registry.config, "reader"), run)
    again = record(registry, run)
    assert (again.runs.keys(), again.models.keys()) == (done.runs.keys(), done.models.keys())
    names, models = seen(registry)
    expected = [
        ("feature_extraction", "FAILED"),
        ("fine_tuning", "FINISHED"),
        ("promoted 2026-01-01", "FINISHED"),
        ("scratch", "FINISHED"),
    ]
    assert names == sorted(expected * 2)
    assert models == ["READY"] * 4
    assert record(registry, run) == again


class Counting:
    """A client whose registry goes away at the request numbered ``until`` of those named ``call``, and stays away."""

    def __init__(self, client, call: str, until: int) -> None:
        self.client, self.call, self.until, self.calls = client, call, until, 0

    def __getattr__(self, name):
        if name == self.call:
            self.calls += 1
        if self.calls >= self.until:
            raise ConnectionError("connection refused")
        return getattr(self.client, name)


def test_a_run_that_could_not_be_recorded_is_marked_as_failed(registry, array_model, make_run, tmp_path):
    broken = dataclasses.replace(array_model, proto=object())
    with pytest.raises(RegistryError, match="missing"):
        record(registry, make_run(array_model, (tmp_path / "missing.json",)))
    with pytest.raises(AttributeError, match="no attribute 'metadata_props'"):
        record(registry, make_run(broken))
    runs = registry.client.search_runs([registry.experiment()])
    assert {run.info.status for run in runs} == {"FAILED"}
    models = registry.client.search_logged_models([registry.experiment()])
    assert {model.status for model in models} == {"FAILED"}


def test_the_pages_of_a_later_run_in_mlflow_are_refused(registry, make_run, array_model, tmp_path):
    (tmp_path / "report.html").touch()
    run_id = record(registry, make_run(array_model, (tmp_path / "report.html",))).run_id
    assert [page.name for page in fetch_pages(registry, run_id, tmp_path / "to")] == ["report.html"]
    registry.client.set_tag(run_id, "ntgate.schema", "2")
    with pytest.raises(RegistryError, match="expected a run of schema 1, got schema 2"):
        fetch_pages(registry, run_id, tmp_path / "to")


def test_a_page_that_cannot_be_put_in_place_is_told_and_no_fault(registry, array_model, make_run, tmp_path):
    done = record(registry, dataclasses.replace(make_run(array_model), note="[Report](ntgate:page/x)"))
    note = registry.client.get_run(done.run_id).data.tags["mlflow.note.content"]
    assert note == f"[Report](#/experiments/{done.experiment_id}/runs/{done.run_id}/x)"
    told = keep_final_page(registry, done.run_id, tmp_path / "gone.html", "**promoted**", {})
    assert told.startswith("MLflow has the page of before the promotion, which names no version: ")
    (tmp_path / "report.html").touch()
    assert keep_final_page(registry, done.run_id, tmp_path / "report.html", "**promoted**", {"ntgate.version": "3"}) is None
    assert registry.client.get_run(done.run_id).data.tags["ntgate.version"] == "3"


def test_runs_last_as_long_as_what_they_tell_of(registry, array_model, make_run):
    run = make_run(array_model)
    arms = [dataclasses.replace(arm, began=1000.0 + i, ended=1007.5 + i) for i, arm in enumerate(run.candidates)]
    done = record(registry, dataclasses.replace(run, began=999.0, candidates=arms))
    children = [registry.client.get_run(done.runs[arm.strategy]).info for arm in arms]
    assert [(child.start_time, child.end_time) for child in children] == [
        (1_000_000 + 1000 * i, 1_007_500 + 1000 * i) for i in range(3)
    ]
    assert registry.client.get_run(done.run_id).info.start_time == 999_000
