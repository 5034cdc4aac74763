"""Whether the rows fit: the encoder, the backbone with its folder and checkpoint, and the disk."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ntgate.config import RunConfig
from ntgate.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.data.encoder import Encoder
    from ntgate.training.network import Network

_ROWS = 64  # of the source, which the backbone is tried on
_SPARE = 50 * 2**20  # bytes for models, checkpoints and pages


def check_fit(config: RunConfig, domains: dict[str, Domain]) -> None:
    """Make sure that the training rows fit the encoder and the backbone; torch is imported where only it can tell.

    Args:
        config: the run.
        domains: of it, ``source``, ``train`` and, if given, ``unlabelled`` are looked at.

    Raises:
        DataError: when a column has too many different texts.
        ModelError: when the backbone, its folder or the checkpoint cannot be loaded or does not fit the rows.
    """
    from ntgate.data.encoder import fit_encoder

    if domains["source"].texts:
        _check_text_fit(config, domains)
        return
    source, targets = domains["source"], [domains[name] for name in ("train", "unlabelled") if name in domains]
    if config.model.source_checkpoint is None:
        encoder = fit_encoder(source, *targets)
    else:
        encoder = fit_encoder(source)  # which the checkpoint was made with
        fit_encoder(domains["train"])  # as training from scratch does
    backbone = config.model.backbone
    told = backbone is not None and backbone.kind != "mlp"  # an MLP takes rows of every shape
    if told or config.model.source_checkpoint is not None:
        _try_backbone(config, encoder, source)


def _check_text_fit(config: RunConfig, domains: dict[str, Domain]) -> None:
    from ntgate.data.encoder import fit_encoder
    from ntgate.strategies.base import cannot_read

    asked = [name for name in ("backbone", "source_checkpoint") if getattr(config.model, name) is not None]
    if asked:
        raise ModelError(
            f"model.{asked[0]}",
            expected="rows of numbers and categories",
            got=cannot_read(domains["source"].texts),
            fix="leave it out, or drop the texts",
        )
    fit_encoder(*(domains[name] for name in ("source", "train", "unlabelled") if name in domains))


def check_space(config: RunConfig, domains: dict[str, Domain]) -> None:
    """Make sure that the disk of the run's folder has room for its rows.

    Raises:
        ConfigError: when it has not.
    """
    from ntgate.stages.preflight import disk
    from ntgate.transport import remote

    rows = sum(_bytes(domain) for domain in domains.values())
    folder = disk(config)
    free = shutil.disk_usage(folder).free
    if free < rows + _SPARE:
        raise ConfigError(
            "output",
            expected=f"{_mebibytes(rows + _SPARE)} free on the disk of {folder} for rows and models",
            got=_mebibytes(free),
            fix=f"free some, or set {'NTGATE_CACHE' if remote(config.output) else 'output'} to another disk",
        )


def _bytes(domain: Domain) -> int:
    rows = domain.rows
    return rows.nbytes if isinstance(rows, np.ndarray) else int(rows.memory_usage(index=False).sum())


def _mebibytes(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB"


def _try_backbone(config: RunConfig, encoder: Encoder, source: Domain) -> None:
    from ntgate.models.network import NetworkModel
    from ntgate.stages.exported import export_checked
    from ntgate.training import weights
    from ntgate.training.config import NetworkSpec
    from ntgate.training.network import build, default_backbone
    from ntgate.training.source import rows_of

    backbone = config.model.backbone or default_backbone(encoder.shape)
    spec = NetworkSpec(backbone=backbone, input_shape=encoder.shape, classes=len(source.classes))
    network = build(spec, config.seed)
    checkpoint = config.model.source_checkpoint
    if checkpoint is not None:
        weights.load_backbone(network, weights.read(Path(checkpoint)), checkpoint)
    some = source.take(np.arange(min(_ROWS, len(source))))
    x = rows_of(encoder, some).x
    network.normaliser.fit(x)
    _pass_forward(network.eval(), x)
    if backbone.kind == "import":  # ours and those of transformers are known to be expressible in ONNX
        with tempfile.TemporaryDirectory() as folder:
            model = NetworkModel(network, encoder, source.classes)
            export_checked(config, model, some, Path(folder) / "backbone.onnx")


def _pass_forward(network: Network, x: object) -> None:
    import torch

    subject = f"model.backbone {network.spec.backbone.kind}"
    fix = "choose a backbone that fits the data"
    try:
        with torch.inference_mode():
            scores = network(x)
    except Exception as error:
        raise ModelError(
            subject,
            expected="a module that takes a batch of the source rows",
            got=f"{type(error).__name__}: {error}".splitlines()[0],
            fix=fix,
        ) from error
    if not torch.isfinite(scores).all():
        raise ModelError(subject, expected="finite features of the source rows", got="NaN or infinity", fix=fix)
