"""Runs in MLflow: a parent a run, a child an arm."""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ntgate.base import Frozen
from ntgate.registry.client import Registry, translated
from ntgate.registry.records import CandidateRecord, DatasetRecord, ModelRecord, Point, RunRecord

_PARAMETER_LENGTH = 500


class Recorded(Frozen):
    """Where a run was recorded.

    Attributes:
        experiment_id: the experiment.
        run_id: the parent run.
        runs: the child run of each arm.
        models: the logged model of each arm that has one.
    """

    experiment_id: str
    run_id: str
    runs: dict[str, str]
    models: dict[str, str]


def record(registry: Registry, run: RunRecord) -> Recorded:
    """Record a run with its arms.

    Raises:
        RegistryError: when the registry does not take it.
    """
    with translated(registry.config):
        experiment = registry.experiment()
        parent = _start(registry, experiment, run.name, {**run.tags, "mlflow.note.content": run.note})
        _log(registry, parent, run.parameters, run.metrics)
        _inputs(registry, parent, run.datasets)
        for path in run.artifacts:
            registry.client.log_artifact(parent, str(path))
        runs, models = {}, {}
        for candidate in run.candidates:
            child, model = _record_candidate(registry, experiment, parent, candidate, run)
            runs[candidate.strategy] = child
            if model is not None:
                models[candidate.strategy] = model
        registry.client.set_terminated(parent)
    return Recorded(experiment_id=experiment, run_id=parent, runs=runs, models=models)


def _record_candidate(
    registry: Registry, experiment: str, parent: str, candidate: CandidateRecord, run: RunRecord
) -> tuple[str, str | None]:
    tags = {**candidate.tags, "mlflow.parentRunId": parent, "ntgate.strategy": candidate.strategy}
    if candidate.failed is not None:
        tags["mlflow.note.content"] = f"Failed: {candidate.failed}"
    child = _start(registry, experiment, candidate.strategy, tags)
    _log(registry, child, candidate.parameters, candidate.metrics)
    _curve(registry, child, candidate.curve)
    seen = [
        data
        for data in run.datasets
        if candidate.strategy != "scratch" or data.context in ("train", "validation", "test")
    ]
    _inputs(registry, child, seen)
    model = None if candidate.model is None else _log_model(registry, experiment, child, candidate)
    registry.client.set_terminated(child, status="FINISHED" if candidate.failed is None else "FAILED")
    return child, model


def _start(registry: Registry, experiment: str, name: str, tags: Mapping[str, str]) -> str:
    created = registry.client.create_run(experiment, run_name=name, tags=dict(tags))
    return str(created.info.run_id)


def _log(registry: Registry, run_id: str, parameters: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    registry.client.log_batch(
        run_id,
        metrics=[Metric(key, float(value), now, 0) for key, value in metrics.items() if math.isfinite(value)],
        params=[Param(key, _text(value)) for key, value in parameters.items()],
    )


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:_PARAMETER_LENGTH]


def _curve(registry: Registry, run_id: str, curve: Sequence[Point]) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [
        Metric(key, float(getattr(point, key)), now, point.step)
        for point in curve
        for key in ("train_loss", "validation_loss", "validation")
    ]
    for start in range(0, len(metrics), 900):  # a batch holds at most 1,000 entries
        registry.client.log_batch(run_id, metrics=metrics[start : start + 900])


def _inputs(registry: Registry, run_id: str, datasets: Sequence[DatasetRecord]) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    registry.client.log_inputs(
        run_id,
        [
            DatasetInput(
                Dataset(
                    name=data.name,
                    digest=data.digest[:32],
                    source_type="local",
                    source=json.dumps({"uri": data.source}),
                    profile=json.dumps({"num_rows": data.rows}),
                ),
                [InputTag("mlflow.data.context", data.context)],
            )
            for data in datasets
        ],
    )


def _log_model(registry: Registry, experiment: str, run_id: str, candidate: CandidateRecord) -> str:
    from mlflow.entities import LoggedModelOutput

    assert candidate.model is not None
    logged = registry.client.create_logged_model(
        experiment, name=candidate.strategy, source_run_id=run_id, tags=dict(candidate.tags), model_type="onnx"
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model"
        _save_model(candidate.model, place, run_id, logged.model_id)
        registry.client.log_model_artifacts(logged.model_id, str(place))
    registry.client.finalize_logged_model(logged.model_id, "READY")
    registry.client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    return str(logged.model_id)


def _save_model(model: ModelRecord, place: Path, run_id: str, model_id: str) -> None:
    import mlflow.onnx
    from mlflow.models import Model

    # Inferring the requirements would start a process and take up to 15 seconds.
    requirements = [f"{name}=={version(name)}" for name in ("mlflow", "onnx", "onnxruntime", "numpy", "pandas")]
    mlflow.onnx.save_model(
        model.proto, str(place), mlflow_model=Model(run_id=run_id, model_id=model_id), signature=_signature(model),
        pip_requirements=requirements, save_as_external_data=False, metadata={"classes": list(model.classes)},
    )  # fmt: skip


def _signature(model: ModelRecord) -> Any:
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    tensors = {"float": np.dtype(np.float32), "uint8": np.dtype(np.uint8)}
    if len(model.inputs) == 1 and model.inputs[0][0] == "x":
        name, kind, shape = model.inputs[0]
        inputs = Schema([TensorSpec(tensors[kind], (-1, *shape[1:]), name)])
    else:
        inputs = Schema([ColSpec(kind, name) for name, kind, _ in model.inputs])
    return ModelSignature(inputs, Schema([TensorSpec(np.dtype(np.float32), (-1, len(model.classes)), "scores")]))
