"""A linear classifier of encoded rows, as logistic regression leaves it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact
from ntgate.data.encoder import Encoder, TextEncoder
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

    encoder: Encoder | TextEncoder
    weight: Floats
    bias: Floats
    classes: tuple[str, ...]

    def scores(self, rows: Rows) -> Scores:
        """Softmax of the logits."""
        encoded = self.encoder.encode(rows)
        flat = encoded.reshape(len(encoded), -1) if isinstance(encoded, np.ndarray) else encoded
        logits = flat @ self.weight.T + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores: Scores = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        return scores

    def save(self, path: Path) -> StoredLinear:
        """Write the coefficients as safetensors, and the terms of texts, which the models of a pool share, as JSON."""
        from safetensors.numpy import save_file

        path = path.with_name(path.name + ".safetensors")
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"weight": np.ascontiguousarray(self.weight), "bias": np.ascontiguousarray(self.bias)}, path)
        encoder = self.encoder
        if isinstance(encoder, TextEncoder):
            content = encoder.model_dump_json().encode()
            terms = path.with_name(f"terms-{hashlib.sha256(content).hexdigest()[:16]}.json")
            terms.write_bytes(content)
            return StoredLinear(coefficients=Artifact.of(path), encoder=Artifact.of(terms), classes=self.classes)
        return StoredLinear(coefficients=Artifact.of(path), encoder=encoder, classes=self.classes)

    def export(self, path: Path) -> None:
        """Write encoder, linear map and softmax as one graph."""
        from ntgate.export.linear_graph import export_linear

        export_linear(self.weight, self.bias, self.encoder, path, classes=self.classes)


class StoredLinear(StoredModel):
    """A linear classifier on disk.

    Attributes:
        coefficients: weight and bias.
        encoder: raw rows to numbers; a file where it has the terms of texts.
        classes: class names, in the order of the scores.
    """

    kind: Literal["linear"] = "linear"
    coefficients: Artifact
    encoder: Encoder | Artifact
    classes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Of the coefficients, and of the terms where they lie in a file."""
        if isinstance(self.encoder, Artifact):
            return hashlib.sha256(f"{self.coefficients.sha256} {self.encoder.sha256}".encode()).hexdigest()
        return self.coefficients.sha256

    def load(self) -> LinearModel:
        """The classifier with its coefficients."""
        from safetensors.numpy import load_file

        content, encoder = load_file(self.coefficients.verified()), self.encoder
        known = TextEncoder.model_validate_json(encoder.verified().read_bytes()) if isinstance(encoder, Artifact) else encoder
        return LinearModel(known, content["weight"], content["bias"], self.classes)
