"""Runs in MLflow: a parent a run, a child an arm."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ntgate import SCHEMA
from ntgate.markdown import escaped
from ntgate.registry.client import Registry, translated
from ntgate.registry.logged_model import log_model
from ntgate.registry.origin import origin_tags
from ntgate.registry.recorded import KEY, PARENT, SCHEMA_TAG, STRATEGY, Recorded, earlier_attempt
from ntgate.registry.records import CandidateRecord, DatasetRecord, Point, RunRecord
from ntgate.registry.run_place import placed
from ntgate.registry.schema import dataset_schema

if TYPE_CHECKING:
    from mlflow.entities import Metric

# MLflow's limits: entries and parameters a request, characters of a parameter and of a tag.
_BATCH, _PARAMETERS, _PARAMETER_LENGTH, _TAG_LENGTH = 900, 100, 500, 5000


def record(registry: Registry, run: RunRecord) -> Recorded:
    """Record a run with its arms; with a key, doing it twice is doing it once.

    Raises:
        RegistryError: when the registry does not take it; what was begun is marked as failed.
    """
    import pandas as pd
    from mlflow.entities import LoggedModelOutput

    runs: dict[str, str] = {}
    models: dict[str, str] = {}
    with translated(registry.config):
        experiment = registry.experiment()
        if run.key and (found := earlier_attempt(registry, experiment, run.key)) is not None:
            return found
        key = {KEY: run.key} if run.key else {}
        tags = {**origin_tags(), **run.tags, **key, SCHEMA_TAG: str(SCHEMA)}
        with _started(registry, experiment, run.name, tags, began=run.began) as parent:
            told = placed(run.note, experiment, parent)[:_TAG_LENGTH]
            registry.client.set_tag(parent, "mlflow.note.content", told)
            _log(registry, parent, run.parameters, _metrics(run.metrics))
            _inputs(registry, parent, run, run.datasets)
            for path in run.artifacts:
                registry.client.log_artifact(parent, str(path))
            for name, columns in run.tables.items():
                registry.client.log_table(parent, pd.DataFrame(columns, dtype=object), name)
            for candidate in run.candidates:
                runs[candidate.strategy], model = _record_candidate(registry, experiment, parent, candidate, run)
                if model is not None:
                    models[candidate.strategy] = model
            # Otherwise the parent's page says that it has neither models nor, once one is promoted, a version.
            registry.client.log_outputs(parent, [LoggedModelOutput(model, step=0) for model in models.values()])
    return Recorded(experiment_id=experiment, run_id=parent, runs=runs, models=models)


def _record_candidate(
    registry: Registry, experiment: str, parent: str, candidate: CandidateRecord, run: RunRecord
) -> tuple[str, str | None]:
    tags = {**origin_tags(), **candidate.tags, PARENT: parent, STRATEGY: candidate.strategy}
    if candidate.failed is not None:
        tags["mlflow.note.content"] = f"Failed: {escaped(candidate.failed)}"
    ends = "FINISHED" if candidate.failed is None else "FAILED"
    times = {"began": candidate.began, "ended": candidate.ended}
    with _started(registry, experiment, candidate.strategy, tags, ends=ends, **times) as child:
        seen = ("train", "validation", "test") if candidate.strategy == "scratch" else None
        _inputs(registry, child, run, [data for data in run.datasets if seen is None or data.context in seen])
        model = None
        if candidate.model is not None:
            # Before the metrics: those that name the model are shown on its page, and on that of its version.
            model = log_model(registry, experiment, child, candidate.strategy, candidate.model, candidate.tags)
        test = next((data for data in run.datasets if data.context == "test"), None)
        _log(registry, child, candidate.parameters, _metrics(candidate.metrics, model, test))
        _curve(registry, child, candidate.curve)
    return child, model


@contextmanager
def _started(
    registry: Registry,
    experiment: str,
    name: str,
    tags: Mapping[str, str],
    *,
    ends: str = "FINISHED",
    began: float | None = None,
    ended: float | None = None,
) -> Iterator[str]:
    """A run that ends in any case: as ``ends``, or as failed when the block raises.

    Its duration is that of what it tells of, where that is known, and else that of the telling.
    """
    tags = {key: value[:_TAG_LENGTH] for key, value in tags.items()}
    start = None if began is None else int(1000 * began)
    run_id = str(registry.client.create_run(experiment, start_time=start, run_name=name, tags=tags).info.run_id)
    try:
        yield run_id
    except BaseException as error:
        with suppress(Exception):
            registry.client.set_terminated(run_id, status="FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    registry.client.set_terminated(run_id, status=ends, end_time=None if ended is None else int(1000 * ended))


def _log(registry: Registry, run_id: str, parameters: Mapping[str, Any], metrics: Sequence[Metric]) -> None:
    from mlflow.entities import Param

    params = [Param(key, _text(value)) for key, value in parameters.items()]
    for start in range(0, len(params), _PARAMETERS):
        registry.client.log_batch(run_id, params=params[start : start + _PARAMETERS])
    for start in range(0, len(metrics), _BATCH):
        registry.client.log_batch(run_id, metrics=metrics[start : start + _BATCH])


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:_PARAMETER_LENGTH]


def _metrics(numbers: Mapping[str, float], model_id: str | None = None, test: DatasetRecord | None = None) -> list[Metric]:
    """MLflow's metrics of the finite ``numbers``, those of the test rows with the data set they were measured on."""
    from mlflow.entities import Metric

    now, metrics = int(time.time() * 1000), []
    for key, value in numbers.items():
        if not math.isfinite(value):
            continue  # a database keeps infinity as 1.8e308
        measured = test if test is not None and model_id is not None and key.startswith("test_") else None
        metrics.append(
            Metric(
                key,
                float(value),
                now,
                0,
                model_id=model_id,
                dataset_name=measured.name if measured else None,
                dataset_digest=_digest(measured) if measured else None,
            )
        )
    return metrics


def _curve(registry: Registry, run_id: str, curve: Sequence[Point]) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    keys = ("train_loss", "validation_loss", "validation")
    points = [(key, float(getattr(point, key)), point.step) for point in curve for key in keys]
    _log(registry, run_id, {}, [Metric(key, value, now, step) for key, value, step in points if math.isfinite(value)])


def _inputs(registry: Registry, run_id: str, run: RunRecord, datasets: Sequence[DatasetRecord]) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    model = next((candidate.model for candidate in run.candidates if candidate.model is not None), None)
    schema = None if model is None else dataset_schema(model.inputs, model.kind)
    registry.client.log_inputs(
        run_id,
        [
            DatasetInput(
                Dataset(
                    name=data.name,
                    digest=_digest(data),
                    source_type="local",
                    source=json.dumps({"uri": data.source}),
                    schema=schema,
                    profile=json.dumps({"num_rows": data.rows}),
                ),
                [InputTag("mlflow.data.context", data.context)],
            )
            for data in datasets
        ],
    )


def _digest(data: DatasetRecord) -> str:
    return data.digest[:32]  # MLflow takes 36 characters
