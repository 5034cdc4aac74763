"""What is remembered of the source beside its weights, so that a later run needs no source rows: features, classes, encoder.

A file ``source.safetensors`` has ``source.reference.safetensors`` beside it, which is found by its name and is never required.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from pydantic import TypeAdapter

from ntgate.base import Artifact
from ntgate.data.domain import Domain, Ints
from ntgate.data.encoder import Encoder
from ntgate.errors import ModelError
from ntgate.training.weight_files import REFERENCE, file_of

MOST = 2000  # source rows that are remembered: 1 MB at a width of 128
_ENCODER: TypeAdapter[Encoder] = TypeAdapter(Encoder)


@dataclass(frozen=True, eq=False)
class Remembered:
    """Source rows as their network sees them.

    Attributes:
        features: ``float32 (n, width)``.
        labels: codes ``(n,)`` into ``classes``.
        classes: class names, in the order of the network's head.
        encoder: what the network takes rows through.
    """

    features: npt.NDArray[np.float32]
    labels: Ints
    classes: tuple[str, ...]
    encoder: Encoder

    @property
    def domain(self) -> Domain:
        """The features as the rows of a source."""
        return Domain("source", self.features, self.labels, self.classes)

    def save(self, path: Path) -> Artifact:
        """Write it as safetensors."""
        from safetensors.torch import save_file

        content = {"features": torch.from_numpy(self.features), "labels": torch.from_numpy(self.labels)}
        save_file(content, path, {"classes": json.dumps(self.classes), "encoder": self.encoder.model_dump_json()})
        return Artifact.of(path)


def sample_of(source: Domain, seed: int) -> Domain:
    """The source rows that are remembered, drawn at random."""
    if len(source) <= MOST:
        return source
    return source.take(np.sort(np.random.default_rng(seed).permutation(len(source))[:MOST]))


def beside(weights: Path) -> Path | None:
    """The file beside ``weights`` (a file or a folder) that remembers its source; None: there is none."""
    path = file_of(weights).with_suffix(REFERENCE)
    return path if path.is_file() else None


def remembered(path: Path) -> Remembered:
    """Read what :meth:`Remembered.save` wrote.

    Raises:
        ModelError: if the file is damaged or of another kind.
    """
    from safetensors import safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            told = file.metadata()
            features, labels = file.get_tensor("features"), file.get_tensor("labels")
        classes, encoder = tuple(map(str, json.loads(told["classes"]))), _ENCODER.validate_json(told["encoder"])
        fits = features.ndim == 2 and labels.shape == (len(features),) and np.isfinite(features).all()
        if not fits or not ((labels >= 0) & (labels < len(classes))).all():
            raise ValueError
    except Exception as error:  # the reader raises many kinds for damaged and hostile files
        raise ModelError(
            str(path),
            expected="what an ntgate run remembers of a source",
            got="a file that is damaged or of another kind",
            fix="delete it, or give data.source",
        ) from error
    return Remembered(features.astype(np.float32), labels.astype(np.int64), classes, encoder)
