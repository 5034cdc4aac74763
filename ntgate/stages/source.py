"""The source model of a run: the user's checkpoint, or a backbone pretrained on the source rows."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.config import RunConfig
from ntgate.stages.ingest import Ingested
from ntgate.stages.listener import Listener, Silent

if TYPE_CHECKING:
    from torch import Tensor

    from ntgate.training.loop import Metric
    from ntgate.training.source_model import SourceModel


def source_model(config: RunConfig, ingested: Ingested, listener: Listener | None = None) -> SourceModel:
    """Load or pretrain the source model into the run's folder."""
    from ntgate.training.source import from_checkpoint, pretrain

    view, to = ingested.view(), ingested.folder / "models" / "source.safetensors"
    to.parent.mkdir(exist_ok=True)
    if config.model.source_checkpoint is not None:
        return from_checkpoint(Path(config.model.source_checkpoint), view, config.model.backbone, config.seed, to)
    progress = partial((listener or Silent()).progress, "source")
    return pretrain(view, config.model.backbone, config.training, metric(config), config.seed, to, progress)


def metric(config: RunConfig) -> Metric:
    """The gate's metric as the training loop wants it."""
    from ntgate.evaluation.metrics import score

    def measured(labels: Tensor, scores: Tensor) -> float:
        return score(config.gate.metric, labels.numpy(), scores.double().numpy())

    return measured
