"""The exported model in MLflow: a logged model, which a version then points to."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from ntgate.registry.client import Registry
from ntgate.registry.records import ModelRecord
from ntgate.registry.schema import signature


def log_model(registry: Registry, experiment: str, run_id: str, name: str, model: ModelRecord, tags: Mapping[str, str]) -> str:
    """Keep the model with its signature and an example, as an output of the run; return its id.

    ``mlflow.pyfunc.load_model`` loads it, where ntgate is not installed too; it takes raw rows and answers with class names.
    """
    from mlflow.entities import LoggedModelOutput

    client = registry.client
    logged = client.create_logged_model(experiment, name=name, source_run_id=run_id, tags=dict(tags), model_type="onnx")
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "model"
            _save(model, place, run_id, logged.model_id)
            client.log_model_artifacts(logged.model_id, str(place))
    except BaseException:
        with suppress(Exception):
            client.finalize_logged_model(logged.model_id, "FAILED")
        raise
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    return str(logged.model_id)


def _save(model: ModelRecord, place: Path, run_id: str, model_id: str) -> None:
    import mlflow.onnx
    from mlflow.models import Model

    # Inferring the requirements would start a process and take up to 15 seconds.
    needed = ["mlflow", "onnx", "onnxruntime", "numpy", "pandas"]
    if any(entry.key == "ntgate.tokens" for entry in model.proto.metadata_props):
        needed.append("tokenizers")
    requirements = [f"{name}=={version(name)}" for name in needed]
    with tempfile.TemporaryDirectory() as folder:
        # Python knows a module by its name: two models in one process that are served by different code must not share it.
        content = hashlib.sha256(model.serving.encode()).hexdigest()
        code = Path(folder) / f"ntgate_serving_{content[:12]}.py"
        code.write_text(model.serving, encoding="utf-8")
        mlflow.onnx.save_model(
            model.proto,
            str(place),
            mlflow_model=Model(run_id=run_id, model_id=model_id),
            code_paths=[str(code)],
            signature=signature(model.inputs, model.kind, model.classes),
            input_example=model.example,
            pip_requirements=requirements,
            onnx_execution_providers=["CPUExecutionProvider"],
            save_as_external_data=False,
            metadata={"classes": list(model.classes)},
        )
    saved = Model.load(str(place))
    saved.flavors["python_function"]["loader_module"] = code.stem
    saved.save(str(place / "MLmodel"))
