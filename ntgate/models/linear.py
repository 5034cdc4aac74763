"""A linear classifier of encoded rows, as logistic regression leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact
from ntgate.data.encoder import Encoder
from ntgate.models.base import Model, Scores, StoredModel

if TYPE_CHECKING:
    from ntgate.data.domain import Rows

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LinearModel(Model):
    """Softmax of a linear map of the encoded rows, flattened to ``d`` numbers.

    Attributes:
        encoder: raw rows to numbers.
        weight: ``(c, d)``.
        bias: ``(c,)``.
        classes: class names, in the order of the scores.
    """

    encoder: Encoder
    weight: Floats
    bias: Floats
    classes: tuple[str, ...]

    def scores(self, rows: Rows) -> Scores:
        """Softmax of the logits."""
        encoded = self.encoder.encode(rows)
        logits = encoded.reshape(len(encoded), -1) @ self.weight.T + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores: Scores = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return scores

    def save(self, path: Path) -> StoredLinear:
        """Write the coefficients as safetensors."""
        from safetensors.numpy import save_file

        path = path.with_name(path.name + ".safetensors")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"weight": np.ascontiguousarray(self.weight), "bias": np.ascontiguousarray(self.bias)}, path)
        return StoredLinear(coefficients=Artifact.of(path), encoder=self.encoder, classes=self.classes)

    def export(self, path: Path) -> None:
        """Write encoder, linear map and softmax as one graph."""
        from ntgate.export.linear_graph import export_linear

        export_linear(self.weight, self.bias, self.encoder, path, classes=self.classes)


class StoredLinear(StoredModel):
    """A linear classifier on disk.

    Attributes:
        coefficients: weight and bias.
        encoder: raw rows to numbers.
        classes: class names, in the order of the scores.
    """

    kind: Literal["linear"] = "linear"
    coefficients: Artifact
    encoder: Encoder
    classes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of the coefficients."""
        return self.coefficients.sha256

    def load(self) -> LinearModel:
        """The classifier with its coefficients."""
        from safetensors.numpy import load_file

        content = load_file(self.coefficients.verified())
        return LinearModel(self.encoder, content["weight"], content["bias"], self.classes)
