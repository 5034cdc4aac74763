"""What rows look like, in MLflow's words: for the signature of a model and the page of a data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Input = tuple[str, str, Sequence[int]]


def signature(inputs: Sequence[Input], kind: str, classes: Sequence[str]) -> Any:
    """MLflow's signature of a classifier: raw rows in, a column of scores a class out, or labels where ``output`` asks for them.

    The columns of a table are optional and of any type: MLflow refuses whole numbers, a null or a column that is not there where it
    knows more, before the model that takes them all is asked.

    Args:
        inputs: name, ``float``, ``uint8`` or ``string``, and shape with any first size, of each input.
        kind: ``table``, ``array`` or ``images``.
        classes: class names in the order of the scores.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import AnyType

    columns = Schema([ColSpec(AnyType(), name, required=False) for name, _, _ in inputs])
    return ModelSignature(
        columns if kind == "table" else _tensor(inputs[0]),
        Schema([ColSpec(DataType.float, name) for name in classes]),
        ParamSchema([ParamSpec("output", DataType.string, "scores")]),
    )


def dataset_schema(inputs: Sequence[Input], kind: str) -> str:
    """The JSON that MLflow shows as the schema of a data set."""
    from mlflow.data.schema import TensorDatasetSchema
    from mlflow.types import ColSpec, Schema

    if kind != "table":
        return json.dumps(TensorDatasetSchema(features=_tensor(inputs[0])).to_dict())
    columns = Schema([ColSpec("string" if kind == "string" else "float", name) for name, kind, _ in inputs])
    return json.dumps({"mlflow_colspec": columns.to_dict()})


def _tensor(rows: Input) -> Any:
    """One array without a name, so that ``pyfunc`` takes the rows as they are."""
    import numpy as np
    from mlflow.types import Schema, TensorSpec

    _, kind, shape = rows
    return Schema([TensorSpec(np.dtype(np.uint8 if kind == "uint8" else np.float32), (-1, *shape[1:]))])
