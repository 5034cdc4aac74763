"""How a source model comes about: loaded from a checkpoint, or pretrained on the source rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ntgate.base import Artifact
from ntgate.data.domain import Domain, joined
from ntgate.data.encoder import Encoder, ImageEncoder, fit_encoder
from ntgate.data.tokens import TokenEncoder, fit_tokens
from ntgate.errors import ModelError
from ntgate.training import weights
from ntgate.training.adapters import is_adapter
from ntgate.training.config import GENTLE, Backbone, NetworkSpec, TrainingConfig, Transformers, default_backbone
from ntgate.training.loaded import Loaded
from ntgate.training.loop import Metric, Progress, fit
from ntgate.training.network import Network, build
from ntgate.training.pretrained import load_pretrained
from ntgate.training.source_model import SourceModel
from ntgate.training.source_reference import Remembered, beside, remembered, sample_of
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised
from ntgate.training.weight_files import REFERENCE
from ntgate.training.word_vectors import is_word_vectors


def encoder_for(backbone: Backbone | None, *domains: Domain) -> Encoder:
    """The encoder of the given training rows: tokens where a folder's model reads their texts."""
    if domains[0].texts and isinstance(backbone, Transformers):
        return fit_tokens(Path(backbone.path), domains[0].texts[0], backbone.length)
    return fit_encoder(*domains)


def _told(loaded: Loaded, encoder: Encoder, domain: Domain) -> Loaded:
    """With what the network does not read of long texts."""
    cut = encoder.cut(domain.rows) if isinstance(encoder, TokenEncoder) else ""
    return loaded.model_copy(update={"notes": (*loaded.notes, cut)}) if cut else loaded


def rows_of(encoder: Encoder, domain: Domain) -> Rows:
    """A domain's rows, encoded, as tensors; pixels stay uint8 ``(n, c, h, w)``, a view of the domain's own memory."""
    if isinstance(encoder, ImageEncoder):
        pixels = np.asarray(domain.rows)
        x = torch.from_numpy(np.moveaxis(pixels if pixels.flags.writeable else pixels.copy(), 3, 1))
    else:
        x = torch.from_numpy(encoder.encode(domain.rows))
    return Rows(x, None if domain.y is None else torch.from_numpy(domain.y))


def at_once(encoder: Encoder) -> int:
    """How many rows a network scores in one call; each token looks at all others."""
    return 64 if isinstance(encoder, TokenEncoder) else 1024


@torch.inference_mode()
def embed(network: Network, encoder: Encoder, domain: Domain) -> npt.NDArray[np.float32]:
    """Features ``(n, width)`` of a domain's rows.

    Raises:
        ModelError: when they are not finite.
    """
    network.eval()  # no dropout: the same rows have the same features
    rows = rows_of(encoder, domain)
    features: npt.NDArray[np.float32] = torch.cat([network.embed(x) for x in rows.x.split(at_once(encoder))]).numpy()
    if not np.isfinite(features).all():
        raise ModelError(
            f"the source model's features of {domain.name}",
            expected="finite numbers",
            got="NaN or infinity",
            fix="check the weights of the source model",
        )
    return features


def from_checkpoint(
    path: Path, source: Domain | None, targets: Sequence[Domain], backbone: Backbone | None, seed: int, to: Path
) -> SourceModel:
    """The source model whose features, and head where it fits, come from the weights at ``path``.

    Without source rows its encoder and classes are those that an ntgate run remembered beside the weights, or else those of the
    ``targets``; then nobody knows what the classes of a head would be, and none is taken.

    Raises:
        ModelError: if the weights do not fit, or the target's rows are not of the form that the remembered encoder takes.
    """
    known = None if source is not None else remembered_for(path, targets[0])
    classes = source.classes if source is not None else known.classes if known is not None else targets[0].classes
    encoder = known.encoder if known is not None else encoder_for(backbone, *([source] if source is not None else targets))
    rows = rows_of(encoder, source if source is not None else joined(targets, "target"))
    shape = tuple(rows.x.shape[1:])
    spec = NetworkSpec(backbone=backbone or default_backbone(shape), input_shape=shape, classes=max(len(classes), 1))
    network = build(spec, seed)
    loaded = load_pretrained(network, path, head=source is not None or known is not None)
    if not loaded.statistics:
        network.normaliser.fit(rows.x)
    loaded, saved = _told(loaded, encoder, source if source is not None else targets[0]), weights.save(network, to)
    return SourceModel(
        origin="checkpoint",
        weights=saved,
        network=spec,
        encoder=encoder,
        classes=classes,
        has_head=loaded.head,
        validation=None,
        seconds=0.0,
        loaded=loaded,
        reference=_remember(network, encoder, source, seed, to) if known is None else known.save(to.with_suffix(REFERENCE)),
    )


def remembered_for(path: Path, target: Domain) -> Remembered | None:
    """What is remembered beside the weights at ``path``, for rows such as those of ``target``; None: nothing.

    Raises:
        ModelError: if the remembered encoder takes other rows.
    """
    found = None if is_adapter(path) else beside(path)
    if found is None:
        return None
    known = remembered(found)
    try:
        encoder = known.encoder
        fits = ("table" if isinstance(encoder, TokenEncoder) else encoder.kind) == target.kind and encoder.encode(
            target.take(np.arange(min(1, len(target)))).rows
        ).shape[1:] == encoder.shape
    except (KeyError, ValueError, TypeError):
        fits = False
    if not fits:
        raise ModelError(
            str(found),
            expected="an encoder of rows such as the target's",
            got=f"one of other {'columns' if known.encoder.kind == 'table' else 'rows'}",
            fix="give the target the form that the model was trained on",
        )
    return known


def _remember(network: Network, encoder: Encoder, source: Domain | None, seed: int, to: Path) -> Artifact | None:
    if source is None:
        return None
    some = sample_of(source, seed)
    known = Remembered(embed(network, encoder, some), some.labels, source.classes, encoder)
    return known.save(to.with_suffix(REFERENCE))


def pretrain(
    source: Domain,
    targets: Sequence[Domain],
    backbone: Backbone | None,
    config: TrainingConfig,
    metric: Metric,
    seed: int,
    to: Path,
    progress: Progress | None = None,
    start: Path | None = None,
) -> SourceModel:
    """A network trained on nine tenths of the source rows, stopped early on the last tenth.

    The encoder sees the rows of ``targets`` too, so that a category that only the target has gets its column. Weights at ``start``
    are what the training begins from; those of a transformer then learn at a fraction of the head's rate.
    """
    encoder = encoder_for(backbone, source, *targets)
    rows = rows_of(encoder, source)
    shape = tuple(rows.x.shape[1:])
    spec = NetworkSpec(backbone=backbone or default_backbone(shape), input_shape=shape, classes=len(source.classes))
    network = build(spec, seed)
    loaded = None if start is None else load_pretrained(network, start)
    if loaded is None or not loaded.statistics:
        network.normaliser.fit(rows.x)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    held = max(1, len(rows) // 10)
    trained = fit(
        Supervised(network, 1.0 if loaded is None or is_word_vectors(backbone) else GENTLE),
        {"labelled": rows.take(order[held:])},
        rows.take(order[:held]),
        metric=metric,
        config=config,
        steps=config.pretraining_steps(len(rows)),
        seed=seed,
        progress=progress,
        checkpoint=to.with_suffix(".checkpoint"),
    )
    return SourceModel(
        origin="pretrained",
        weights=weights.save(network, to),
        network=spec,
        encoder=encoder,
        classes=source.classes,
        has_head=True,
        validation=trained.best.validation,
        seconds=trained.seconds,
        curve=trained.curve,
        loaded=None if loaded is None else _told(loaded, encoder, source),
        reference=_remember(network, encoder, source, seed, to),
    )
