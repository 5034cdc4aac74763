"""Promotion on a real registry: idempotent, one winner, and nothing half-done after a crash."""

from __future__ import annotations

import multiprocessing
import signal
import socket
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ntgate.errors import ChampionMovedError, RegistryError
from ntgate.registry import promotion
from ntgate.registry.champion import champion, fetch
from ntgate.registry.client import Registry, connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.history import history
from ntgate.registry.lock import promotion_lock
from ntgate.registry.promotion import PromotionRequest, promote
from ntgate.registry.records import CandidateRecord, DatasetRecord, ModelRecord, RunRecord
from ntgate.registry.tracking import Recorded, record
from ntgate.training.curve import CurvePoint


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return connect(RegistryConfig(uri=f"sqlite:///{tmp_path}/mlflow.db", lock_seconds=5, wait_seconds=30), "reader")


def model(folder: Path) -> ModelRecord:
    weight = numpy_helper.from_array(np.eye(3, 2, dtype=np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["scores"])], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 2])], [weight],
    )  # fmt: skip
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(proto, folder / "m.onnx")
    return ModelRecord(folder / "m.onnx", proto, [("x", "float", [-1, 3])], ["a", "b"])


def recorded(registry: Registry, folder: Path, outcome: str = "promoted") -> Recorded:
    artifact = folder / "decision.json"
    artifact.write_text("{}")
    point = CurvePoint(step=1, train_loss=1.0, validation_loss=0.5, validation=0.9)
    arm = CandidateRecord("fine_tuning", {"features_rate": 0.3}, {"test_accuracy": 0.9}, [point], model=model(folder))
    failed = CandidateRecord("domain_adversarial", {}, {}, [], failed="the loss diverged")
    data = [DatasetRecord("train", "ab" * 32, 10, "train", "target.npz"), DatasetRecord("source", "cd" * 32, 50, "source", "s.npz")]
    tags = {"ntgate.outcome": outcome}
    return record(registry, RunRecord("run", "**verdict**", {"seed": 0}, {"gain": 0.1}, tags, data, [arm, failed], [artifact]))


def request(done: Recorded, decision: str, seen: str | None) -> PromotionRequest:
    return PromotionRequest(
        decision_id=decision, champion_seen=seen, run_id=done.runs["fine_tuning"], model_id=done.models["fine_tuning"],
        description="why", tags={"ntgate.strategy": "fine_tuning"},
    )  # fmt: skip


def test_a_run_is_recorded_with_all_a_reviewer_needs(registry, tmp_path):
    done = recorded(registry, tmp_path)
    client = registry.client
    parent, child = client.get_run(done.run_id), client.get_run(done.runs["fine_tuning"])
    assert parent.data.tags["mlflow.note.content"] == "**verdict**"
    assert parent.data.metrics == {"gain": 0.1}
    assert {entry.path for entry in client.list_artifacts(done.run_id)} == {"decision.json"}
    assert child.data.tags["mlflow.parentRunId"] == done.run_id
    assert child.data.params["features_rate"] == "0.3"
    assert [point.value for point in client.get_metric_history(child.info.run_id, "validation_loss")] == [0.5]
    assert {entry.dataset.name for entry in child.inputs.dataset_inputs} == {"train", "source"}
    assert client.get_run(done.runs["domain_adversarial"]).info.status == "FAILED"
    assert not (Path.cwd() / "mlruns").exists()


def test_the_model_can_be_loaded_and_has_a_signature(registry, tmp_path):
    import mlflow

    done = recorded(registry, tmp_path)
    place = registry.client.get_logged_model(done.models["fine_tuning"]).artifact_location
    loaded = mlflow.pyfunc.load_model(place)
    assert loaded.metadata.signature.inputs.inputs[0].shape == (-1, 3)
    scores = loaded.predict(np.ones((4, 3), np.float32))
    assert np.asarray(scores["scores"]).shape == (4, 2)


def test_promotion_moves_the_alias_and_is_idempotent(registry, tmp_path):
    done = recorded(registry, tmp_path)
    assert champion(registry) is None
    first = promote(registry, request(done, "d1", None))
    assert promote(registry, request(done, "d1", None)) == first == "1"
    now = champion(registry)
    assert (now.version, now.decision_id) == ("1", "d1")
    assert [entry.state for entry in history(registry)] == ["promoted"]
    assert fetch(registry, now, tmp_path / "down").read_bytes() == (tmp_path / "m.onnx").read_bytes()
    second = promote(registry, request(done, "d2", "1"))
    assert champion(registry).version == second == "2"
    assert history(registry)[0].previous_champion == "1"


def test_a_champion_that_moved_stops_the_promotion(registry, tmp_path):
    done = recorded(registry, tmp_path)
    promote(registry, request(done, "d1", None))
    with pytest.raises(ChampionMovedError, match="expected no champion, got version 1; run again"):
        promote(registry, request(done, "d2", None))
    assert champion(registry).version == "1"
    assert len(history(registry)) == 1


def _killed_before_the_alias(uri: str, wanted: PromotionRequest) -> None:
    registry = connect(RegistryConfig(uri=uri, lock_seconds=5), "reader")
    promotion._move_alias = lambda *_: signal.raise_signal(signal.SIGKILL)
    promote(registry, wanted)


def test_killed_before_the_alias_the_rerun_takes_the_same_version(registry, tmp_path):
    done = recorded(registry, tmp_path)
    wanted = request(done, "d1", None)
    process = multiprocessing.get_context("spawn").Process(
        target=_killed_before_the_alias, args=(registry.config.uri, wanted)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert champion(registry) is None
    assert [entry.state for entry in history(registry)] == ["pending"]
    began = time.monotonic()
    assert promote(registry, wanted) == "1"  # waits for the dead holder's lock to run out
    assert time.monotonic() - began < 20
    assert [entry.state for entry in history(registry)] == ["promoted"]


def _compete(uri: str, wanted: PromotionRequest, answers: multiprocessing.Queue) -> None:
    try:
        answers.put(promote(connect(RegistryConfig(uri=uri), "reader"), wanted))
    except ChampionMovedError:
        answers.put(None)


def test_of_two_promoters_at_once_exactly_one_wins(registry, tmp_path):
    done = recorded(registry, tmp_path)
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    processes = [
        context.Process(target=_compete, args=(registry.config.uri, request(done, f"d{i}", None), answers)) for i in range(2)
    ]
    for process in processes:
        process.start()
    won = [answers.get(timeout=90) for _ in processes]
    for process in processes:
        process.join(30)
    assert sum(version is not None for version in won) == 1
    assert len(history(registry)) == 1
    assert champion(registry).version == next(version for version in won if version)


def test_a_lost_lock_stops_the_promotion(registry):
    with promotion_lock(registry) as held:
        held.check(registry)
        registry.client.delete_registered_model(held.name)
        with pytest.raises(RegistryError, match="nobody holds it"):
            held.check(registry)


def test_a_dead_server_is_reported_soon_and_without_credentials():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(RegistryError) as caught:
        connect(RegistryConfig(uri=f"http://user:secret@127.0.0.1:{port}"), "reader")
    assert time.monotonic() - began < 15
    assert "secret" not in str(caught.value)


def test_a_missing_folder_is_reported(tmp_path):
    with pytest.raises(RegistryError, match="an existing folder"):
        connect(RegistryConfig(uri=f"sqlite:///{tmp_path}/no/mlflow.db"), "reader")
