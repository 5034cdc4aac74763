"""How a source model comes about: loaded from a checkpoint, or pretrained on the source rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ntgate.data.domain import Domain
from ntgate.data.encoder import Encoder, ImageEncoder, fit_encoder
from ntgate.errors import ModelError
from ntgate.training import weights
from ntgate.training.config import Backbone, NetworkSpec, TrainingConfig
from ntgate.training.loop import Metric, Progress, fit
from ntgate.training.network import Network, build, default_backbone
from ntgate.training.source_model import SourceModel
from ntgate.training.streams import Rows
from ntgate.training.supervised import Supervised


def rows_of(encoder: Encoder, domain: Domain) -> Rows:
    """A domain's rows, encoded, as tensors; pixels stay uint8 ``(n, c, h, w)``, a view of the domain's own memory."""
    if isinstance(encoder, ImageEncoder):
        pixels = np.asarray(domain.rows)
        x = torch.from_numpy(np.moveaxis(pixels if pixels.flags.writeable else pixels.copy(), 3, 1))
    else:
        x = torch.from_numpy(encoder.encode(domain.rows))
    return Rows(x, None if domain.y is None else torch.from_numpy(domain.y))


@torch.inference_mode()
def embed(network: Network, encoder: Encoder, domain: Domain) -> npt.NDArray[np.float32]:
    """Features ``(n, width)`` of a domain's rows.

    Raises:
        ModelError: when they are not finite.
    """
    network.eval()  # no dropout: the same rows have the same features
    rows = rows_of(encoder, domain)
    features: npt.NDArray[np.float32] = torch.cat([network.embed(x) for x in rows.x.split(1024)]).numpy()
    if not np.isfinite(features).all():
        raise ModelError(
            f"the source model's features of {domain.name}",
            expected="finite numbers",
            got="NaN or infinity",
            fix="check the weights of the source model",
        )
    return features


def from_checkpoint(path: Path, source: Domain, backbone: Backbone | None, seed: int, to: Path) -> SourceModel:
    """The source model whose features, and head where it fits, come from the file at ``path``."""
    encoder = fit_encoder(source)
    rows = rows_of(encoder, source)
    tensors = weights.read(path)
    shape = tuple(rows.x.shape[1:])
    spec = NetworkSpec(backbone=backbone or default_backbone(shape), input_shape=shape, classes=len(source.classes))
    network = build(spec, seed)
    if not weights.load_backbone(network, tensors, str(path)):
        network.normaliser.fit(rows.x)
    head = {name.removeprefix("head."): value for name, value in tensors.items() if name.startswith("head.")}
    has_head = {k: v.shape for k, v in head.items()} == {k: v.shape for k, v in network.head.state_dict().items()}
    if has_head:
        network.head.load_state_dict(head)
    return SourceModel(
        origin="checkpoint",
        weights=weights.save(network, to),
        network=spec,
        encoder=encoder,
        classes=source.classes,
        has_head=has_head,
        validation=None,
        seconds=0.0,
    )


def pretrain(
    source: Domain,
    targets: Sequence[Domain],
    backbone: Backbone | None,
    config: TrainingConfig,
    metric: Metric,
    seed: int,
    to: Path,
    progress: Progress | None = None,
) -> SourceModel:
    """A network trained on nine tenths of the source rows, stopped early on the last tenth.

    The encoder sees the rows of ``targets`` too, so that a category that only the target has gets its column.
    """
    encoder = fit_encoder(source, *targets)
    rows = rows_of(encoder, source)
    shape = tuple(rows.x.shape[1:])
    spec = NetworkSpec(backbone=backbone or default_backbone(shape), input_shape=shape, classes=len(source.classes))
    network = build(spec, seed)
    network.normaliser.fit(rows.x)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))
    held = max(1, len(rows) // 10)
    trained = fit(
        Supervised(network),
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
    )
