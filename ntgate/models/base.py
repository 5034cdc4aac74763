"""The seam: everything that gate, registry and report know of a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen

if TYPE_CHECKING:
    from ntgate.data.domain import Rows

Scores = npt.NDArray[np.float32]


class Model(ABC):
    """A trained classifier of raw rows.

    Attributes:
        classes: class names, in the order of the scores.
    """

    classes: tuple[str, ...]

    @abstractmethod
    def scores(self, rows: Rows) -> Scores:
        """Class scores ``(n, c)`` of raw rows, as the user has them: not negative, and each row's sum is one."""

    @abstractmethod
    def save(self, path: Path) -> StoredModel:
        """Write what was learnt to ``path``, to which the kind adds its ending, and describe what is needed to load it again."""

    @abstractmethod
    def export(self, path: Path) -> None:
        """Write the model as ONNX, from raw rows to an output ``scores`` ``(n, c)``, with the class names in its metadata.

        Raises:
            ModelError: when ONNX cannot express it.
        """


class StoredModel(Frozen, ABC):
    """A model on disk: plain values, and files by content. Subclasses have a ``kind``."""

    kind: str

    @property
    @abstractmethod
    def sha256(self) -> str:
        """Of what was learnt: two models of one kind with the same digest score alike."""

    @abstractmethod
    def load(self) -> Model:
        """The model, ready to score.

        Raises:
            DataError: when a file is missing or was changed.
        """
