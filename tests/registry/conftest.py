"""A registry of one's own, a real MLflow server, and small real models to promote."""

from __future__ import annotations

import json
import multiprocessing
import re
import runpy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ntgate.export.serving_source import serving_source
from ntgate.registry.client import Registry, connect
from ntgate.registry.config import RegistryConfig
from ntgate.registry.promotion import PromotionRequest
from ntgate.registry.records import CandidateRecord, DatasetRecord, ModelRecord, RunRecord
from ntgate.registry.tracking import record
from tests.postgres import Cluster
from tests.server import Server

CLASSES = ("cat", "dog", "fox")
SERVING = serving_source()
FOREST = multiprocessing.get_context("forkserver")
FOREST.set_forkserver_preload(["mlflow", "ntgate.registry.repair", "mlflow.store.tracking.sqlalchemy_store"])


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without content: copying it saves each test a second."""
    file = tmp_path_factory.mktemp("template") / "mlflow.db"
    connect(RegistryConfig(uri=f"sqlite:///{file}"), "reader")
    return file


@pytest.fixture(scope="session")
def empty_postgres(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated PostgreSQL database without content, to be copied for each test."""
    uri = postgres_cluster.database()
    connect(RegistryConfig(uri=uri, artifact_location=tmp_path_factory.mktemp("none").as_uri()), "reader")
    name = uri.rpartition("/")[2]
    postgres_cluster.disconnect(name)  # who is connected to a template keeps it from being copied
    return name


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, postgres_cluster: Cluster, empty_postgres: str) -> Iterator[str]:
    """The address of a real MLflow server on PostgreSQL, which ends with the tests."""
    with Server(tmp_path_factory.mktemp("server"), postgres_cluster.database(empty_postgres)) as running:
        yield running.address


DATABASES = ("sqlite", "postgresql")
REGISTRIES = (*DATABASES, "server-on-sqlite", "server-on-postgresql")


@pytest.fixture
def config(request: pytest.FixtureRequest, tmp_path: Path, empty_database: Path) -> Iterator[RegistryConfig]:
    """An empty registry: a SQLite file, or what the test asks for as its parameter, one of ``REGISTRIES``."""
    kind, settings = (getattr(request, "param", "sqlite"), {"lock_seconds": 20, "wait_seconds": 60, "timeout_seconds": 60})
    if kind == "sqlite":
        file = tmp_path / "mlflow.db"
        shutil.copy(empty_database, file)
        yield RegistryConfig(uri=f"sqlite:///{file}", **settings)
    elif kind == "postgresql":
        cluster = request.getfixturevalue("postgres_cluster")
        uri = cluster.database(request.getfixturevalue("empty_postgres"))
        place = (tmp_path / "artifacts").as_uri()
        yield RegistryConfig(uri=uri, artifact_location=place, **settings)
        cluster.disconnect(uri.rpartition("/")[2])
    else:
        address = request.getfixturevalue({"server-on-sqlite": "server", "server-on-postgresql": "postgres_server"}[kind])
        here = RegistryConfig(uri=address, **settings)
        client = connect(here, "reader").client
        for model in client.search_registered_models():  # one server serves many tests
            client.delete_registered_model(model.name)
        name = re.sub(r"\W+", "-", request.node.name)
        yield here.model_copy(update={"experiment": name})


@pytest.fixture
def registry(config: RegistryConfig) -> Registry:
    """A connection to it, for the model ``reader``."""
    return connect(config, "reader")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[str]:
    """The address of a real MLflow server on SQLite, which ends with the tests."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_database, folder / "mlflow.db")
    with Server(folder, f"sqlite:///{folder / 'mlflow.db'}") as running:
        yield running.address


def _classifier(inputs: list[Any], nodes: list[Any], width: int, path: Path) -> Any:
    """A linear classifier of ``CLASSES`` over the tensor ``rows (n, width)``."""
    weights = np.random.default_rng(0).normal(size=(width, len(CLASSES))).astype(np.float32)
    nodes = [*nodes, helper.make_node("MatMul", ["rows", "w"], ["z"]), helper.make_node("Softmax", ["z"], ["scores"])]
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", len(CLASSES)])
    graph = helper.make_graph(nodes, "classifier", inputs, [scores], [numpy_helper.from_array(weights, "w")])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    proto = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    helper.set_model_props(proto, {"ntgate.classes": json.dumps(CLASSES)})
    onnx.checker.check_model(proto)
    onnx.save(proto, path)
    return proto


@pytest.fixture
def array_model(tmp_path: Path) -> ModelRecord:
    """A classifier of float rows ``(n, 4)``."""
    path = tmp_path / "array.onnx"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    proto = _classifier([x], [helper.make_node("Identity", ["x"], ["rows"])], 4, path)
    example = np.arange(8, dtype=np.float32).reshape(2, 4)
    return ModelRecord(
        path=path, proto=proto, inputs=[("x", "float", (-1, 4))], kind="array", classes=CLASSES, serving=SERVING, example=example
    )


@pytest.fixture
def table_model(tmp_path: Path) -> ModelRecord:
    """A classifier of a numeric and a categorical column."""
    import pandas as pd

    path = tmp_path / "table.onnx"
    length = helper.make_tensor_value_info("length", TensorProto.FLOAT, ["n", 1])
    colour = helper.make_tensor_value_info("colour", TensorProto.STRING, ["n", 1])
    coded = helper.make_node(
        "LabelEncoder",
        ["colour"],
        ["code"],
        domain="ai.onnx.ml",
        keys_strings=["red", "blue"],
        values_floats=[1.0, 2.0],
        default_float=0.0,
    )
    joined = helper.make_node("Concat", ["length", "code"], ["rows"], axis=1)
    return ModelRecord(
        path=path,
        proto=_classifier([length, colour], [coded, joined], 2, path),
        inputs=[("length", "float", (-1, 1)), ("colour", "string", (-1, 1))],
        kind="table",
        classes=CLASSES,
        serving=SERVING,
        example=pd.DataFrame({"length": np.array([1.0, 2.5], np.float32), "colour": ["red", ""]}),
    )


@dataclass(frozen=True)
class CurvePoint:
    """A point of a learning curve."""

    step: int
    train_loss: float
    validation_loss: float
    validation: float


def run_record(model: ModelRecord, artifacts: tuple[Path, ...] = ()) -> RunRecord:
    """A run with a candidate, scratch, and an arm that failed."""
    tags = {"ntgate.decision_id": "d1", "ntgate.outcome": "promoted"}
    curve = [CurvePoint(step, 1.0 / (step + 1), 1.5 / (step + 1), 0.5 + step / 20) for step in range(10)]
    digests = {"source": "a", "train": "b", "validation": "c", "test": "d"}
    return RunRecord(
        name="promoted 2026-01-01",
        note="**promoted**: fine_tuning beats scratch.",
        parameters={"gate.alpha": 0.05, "seed": 0},
        metrics={"gain": 0.03, "p_value": 0.002},
        tags=tags,
        datasets=[DatasetRecord(name, digit * 64, 100, name, f"/data/{name}.npz") for name, digit in digests.items()],
        candidates=[
            CandidateRecord("fine_tuning", {"steps": 200}, {"test_accuracy": 0.93, "seconds": 1.5}, curve, None, model, tags),
            CandidateRecord("scratch", {"steps": 200}, {"test_accuracy": 0.90}, curve, None, model, tags),
            CandidateRecord("feature_extraction", {}, {}, [], "the loss is not finite", None, tags),
        ],
        artifacts=artifacts,
    )


@pytest.fixture
def make_run() -> Callable[..., RunRecord]:
    """See :func:`run_record`."""
    return run_record


@pytest.fixture
def request_for(array_model: ModelRecord) -> Callable[..., PromotionRequest]:
    """Requests to promote a candidate that was recorded once in the registry of the request."""
    recorded: dict[str, Any] = {}

    def make(registry: Registry, decision_id: str, champion_seen: str | None) -> PromotionRequest:
        if registry.config.uri + registry.name not in recorded:
            arm = CandidateRecord("fine_tuning", {}, {}, [], model=array_model)
            run = RunRecord("promoted", "", {}, {}, {}, [], [arm], [])
            recorded[registry.config.uri + registry.name] = record(registry, run)
        found = recorded[registry.config.uri + registry.name]
        return PromotionRequest(
            decision_id=decision_id,
            champion_seen=champion_seen,
            run_id=found.runs["fine_tuning"],
            model_id=found.models["fine_tuning"],
            description="beats scratch",
            tags={"ntgate.strategy": "fine_tuning"},
        )

    return make


@pytest.fixture
def promoters(tmp_path: Path) -> Iterator[Callable[..., list[Any]]]:
    """Start promoters, each a process of its own; see ``promoter.py`` beside this file."""
    started: list[Any] = []

    def start(config: RegistryConfig, requests: list[PromotionRequest], **settings: Any) -> list[Any]:
        # They start together: each waits for the others once it is connected.
        barrier = FOREST.Barrier(len(requests))
        processes = []
        for number, request in enumerate(requests):
            given = {
                "config": config.model_dump(),
                "request": request.model_dump(),
                "barrier": barrier,
                "answer": str(tmp_path / f"answer{number}.json"),
                "act": "promote",
                "die_before": None,
                "die_at": None,
                "name": "reader",
                "process": None,
                "skew": 0.0,
                "number": number,
                **settings,
            }
            script = str(Path(__file__).parent / "promoter.py")
            process = FOREST.Process(target=runpy.run_path, args=(script,), kwargs={"init_globals": given})
            process.answer = Path(given["answer"])  # type: ignore[attr-defined]
            process.barrier = barrier  # type: ignore[attr-defined]  # else it is gone before the process has it
            processes.append(process)
            process.start()
        started.extend(processes)
        return processes

    yield start
    for process in started:
        process.kill()
        process.join()
