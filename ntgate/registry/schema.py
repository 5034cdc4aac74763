"""What rows look like, in MLflow's words: for the signature of a model and the page of a data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Input = tuple[str, str, Sequence[int]]


def inputs_schema(inputs: Sequence[Input]) -> Any:
    """MLflow's schema of a model's inputs.

    One array needs no name, so that ``pyfunc`` takes the rows as they are. Columns of a table are tensors ``(n, 1)`` under
    their names: that is what the exported graph takes, and MLflow makes them from a DataFrame or from lists.

    Args:
        inputs: name, ``float``, ``uint8`` or ``string``, and shape with any first size, of each input.
    """
    import numpy as np
    from mlflow.types import Schema, TensorSpec

    kinds = {"float": np.dtype(np.float32), "uint8": np.dtype(np.uint8), "string": np.dtype("O")}
    alone = len(inputs) == 1 and inputs[0][0] == "x"
    return Schema([TensorSpec(kinds[kind], (-1, *shape[1:]), None if alone else name) for name, kind, shape in inputs])


def signature(inputs: Sequence[Input], classes: int) -> Any:
    """MLflow's signature of a classifier: rows in, class scores ``(n, classes)`` out."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    return ModelSignature(inputs_schema(inputs), Schema([TensorSpec(np.dtype(np.float32), (-1, classes), "scores")]))


def dataset_schema(inputs: Sequence[Input]) -> str | None:
    """The JSON that MLflow shows as the schema of a data set; None when nothing is known of it."""
    if not inputs:
        return None
    from mlflow.data.schema import TensorDatasetSchema
    from mlflow.types import ColSpec, Schema

    if len(inputs) == 1 and inputs[0][0] == "x":
        return json.dumps(TensorDatasetSchema(features=inputs_schema(inputs)).to_dict())
    columns = Schema([ColSpec("string" if kind == "string" else "float", name) for name, kind, _ in inputs])
    return json.dumps({"mlflow_colspec": columns.to_dict()})
