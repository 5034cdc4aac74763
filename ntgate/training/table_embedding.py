"""The source model's embedding as a function of rows that travels to a worker: its weights by path and sha256, never by value."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.data.domain import Domain
from ntgate.errors import ModelError
from ntgate.training.source_model import SourceModel

if TYPE_CHECKING:
    from ntgate.training.network import Network


class TableEmbedding(Frozen):
    """Embeds the rows of a table that hold an array each, flattened in the order of its columns.

    A worker has to find the weights at the same path, on storage that all share. It loads them once, and refuses those that are
    not the ones meant.

    Attributes:
        model: of arrays, not of tables or images.
        width: of the embedding.
    """

    model: SourceModel
    width: int

    @classmethod
    def of(cls, model: SourceModel) -> TableEmbedding:
        """The embedding of ``model``.

        Raises:
            ModelError: when its rows are no arrays of numbers.
        """
        if model.encoder.kind != "array":
            raise ModelError(
                "the source model",
                expected="one of arrays",
                got=f"one of {model.encoder.kind}",
                fix="measure a table on its columns, and images after they were embedded",
            )
        shape = model.spec.input_shape
        return cls(model=model, width=_embedded(model, np.zeros((1, math.prod(shape)), np.float32)).shape[1])

    def __call__(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """``(k, width)`` from ``(k, d)``.

        Raises:
            ModelError: when the model takes rows of another width.
            DataError: when the weights are not there, or not those that were meant.
        """
        return _embedded(self.model, rows)


def _embedded(model: SourceModel, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    from ntgate.training.source import embed

    shape = model.spec.input_shape
    if rows.shape[1] != math.prod(shape):
        raise ModelError(
            "the source model",
            expected=f"rows of {math.prod(shape)} numbers, shape {shape}",
            got=f"{rows.shape[1]} columns",
            fix="leave out the columns that are no features",
        )
    arrays = rows.reshape(len(rows), *shape).astype(np.float32)
    return embed(_loaded(model.model_dump_json()), model.encoder, Domain("rows", arrays, None))


@lru_cache(maxsize=1)
def _loaded(model: str) -> Network:
    return SourceModel.model_validate_json(model).load()
