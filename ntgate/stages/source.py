"""The source model of a run: the user's checkpoint, or a backbone pretrained on the source rows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.errors import DataError, ModelError
from ntgate.extras import require
from ntgate.metrics.accuracy import Accuracy
from ntgate.stages.ingest import Ingested
from ntgate.stages.progress_listener import Listener, Silent
from ntgate.training.config import reads_texts
from ntgate.training.source_model import SourceModel

if TYPE_CHECKING:
    from torch import Tensor

    from ntgate.data.domain import Domain, TrainingView
    from ntgate.metrics.base import Metric
    from ntgate.training.loop import Metric as Maximised
    from ntgate.training.loop import Progress


class Embedder(Frozen):
    """What rows are measured through.

    Attributes:
        source: the source model whose embedding is measured; None where rows are measured as they are.
    """

    source: SourceModel | None


def source_model(config: RunConfig, folder: Path, ingested: Ingested, listener: Listener | None = None) -> SourceModel:
    """Load or pretrain the source model into the run's folder; where the rows have texts, which no network reads, there is none."""
    view = ingested.view()
    if view.train.texts and not reads_texts(config.model.backbone):
        return without_network(view)
    targets = [view.train] + ([] if view.unlabelled is None else [view.unlabelled])
    made = _source_model(config, folder, ingested, targets, listener)
    for sentence in () if made.loaded is None else made.loaded.sentences:
        (listener or Silent()).note(sentence)
    return made


def without_network(view: TrainingView) -> SourceModel:
    """The source model of rows with texts."""
    from ntgate.data.encoder import fit_encoder

    return SourceModel(
        origin="none",
        weights=None,
        network=None,
        encoder=fit_encoder(view.source, view.train),
        classes=view.source.classes,
        has_head=False,
        validation=None,
        seconds=0.0,
    )


def embedder(config: RunConfig, folder: Path, ingested: Ingested, listener: Listener | None = None) -> Embedder:
    """The source model where a drift check needs one: a table is measured on its columns, and nothing is trained for it."""
    if ingested.kind == "table" and ingested.has_source:
        return Embedder(source=None)
    require("a drift check on a network's embedding", "torch")
    (listener or Silent()).stage("source: load or pretrain the source model")
    return Embedder(source=_source_model(config, folder, ingested, ingested.targets(), listener))


def _source_model(
    config: RunConfig, folder: Path, ingested: Ingested, targets: list[Domain], listener: Listener | None
) -> SourceModel:
    from ntgate.training.pretrained import weights_of
    from ntgate.training.source import from_checkpoint, pretrain

    to, backbone = folder / "models" / "source.safetensors", config.model.backbone
    source = ingested.part("source") if ingested.has_source else None
    to.parent.mkdir(parents=True, exist_ok=True)
    existing = weights_of(backbone, config.model.source_checkpoint)
    if existing is not None and (source is None or config.model.source_checkpoint is not None):
        return from_checkpoint(existing, source, targets, backbone, config.seed, to)
    if source is None:
        raise nothing_to_load(config)
    judged: Metric = Accuracy()  # the source may have classes that nobody named a cost for
    with suppress(DataError):
        judged = config.gate.metric.of_classes(source.classes)
    progress = heard(judged, "source", listener)
    return pretrain(source, targets, backbone, config.training, maximised(judged), config.seed, to, progress, start=existing)


def nothing_to_load(config: RunConfig) -> ModelError:
    """The error where there are no source rows, and the transformer's folder has no weights."""
    folder = getattr(config.model.backbone, "path", "model.backbone")
    return ModelError(
        f"model.backbone {folder}",
        expected="weights beside its config.json, for want of data.source",
        got="none",
        fix="save the model there with save_pretrained, or add data.source",
    )


def maximised(metric: Metric) -> Maximised:
    """A metric as a function of labels and scores of which more is better."""

    def measured(labels: Tensor, scores: Tensor) -> float:
        return metric.maximised(metric.value(labels.numpy(), scores.double().numpy()))

    return measured


def heard(metric: Metric, arm: str, listener: Listener | None) -> Progress:
    """What tells a listener of an arm's evaluations, in the metric's own values."""
    return partial(_tell, (listener or Silent()).progress, metric, arm)


def _tell(progress: Callable[..., None], metric: Metric, arm: str, step: int, steps: int, validation: float) -> None:
    progress(arm, step, steps, metric.maximised(validation))
