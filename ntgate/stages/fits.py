"""Whether the rows fit: the encoder, the backbone with its folder and checkpoint, and the disk."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ntgate.config import RunConfig
from ntgate.errors import MachineError, ModelError
from ntgate.training.config import default_backbone, reads_texts

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.data.encoder import Encoder
    from ntgate.training.loaded import Loaded
    from ntgate.training.network import Network

_ROWS = 64  # of the source, which the backbone is tried on
_SPARE = 50 * 2**20  # bytes for models, checkpoints and pages


def check_fit(config: RunConfig, domains: dict[str, Domain]) -> Loaded | None:
    """Make sure that the training rows fit the encoder and the backbone; torch is imported where only it can tell.

    Returns:
        What existing weights give to the backbone; None where it begins at random.

    Args:
        config: the run.
        domains: of it, ``train`` and, if given, ``source`` and ``unlabelled`` are looked at.

    Raises:
        DataError: when a column has too many different texts.
        ModelError: when the backbone, its folder or the checkpoint cannot be loaded or does not fit the rows.
    """
    from ntgate.data.encoder import fit_encoder

    backbone = config.model.backbone
    source, targets = domains.get("source"), [domains[name] for name in ("train", "unlabelled") if name in domains]
    if targets[0].texts and reads_texts(backbone):
        return _try_texts(config, targets[0] if source is None else source, targets)
    if targets[0].texts:
        _check_text_fit(config, domains)
        return None
    if source is None:
        return _try_without_source(config, targets)
    if config.model.source_checkpoint is None:
        encoder = fit_encoder(source, *targets)
    else:
        encoder = fit_encoder(source)  # which the checkpoint was made with
        fit_encoder(domains["train"])  # as training from scratch does
    told = backbone is not None and backbone.kind != "mlp"  # an MLP takes rows of every shape
    if told or config.model.source_checkpoint is not None:
        return _try_backbone(config, encoder, source)
    return None


def _try_texts(config: RunConfig, rows: Domain, targets: list[Domain]) -> Loaded | None:
    """Make sure that the transformer reads all that the rows have."""
    from ntgate.stages.source import nothing_to_load
    from ntgate.training.pretrained import weights_of
    from ntgate.training.source import encoder_for

    assert not isinstance(rows.rows, np.ndarray)
    others = [str(name) for name in rows.rows.columns if name != rows.texts[0]]
    if others:
        raise ModelError(
            "model.backbone",
            expected="a table with one column, of texts",
            got=f"also {', '.join(others[:5])}, which the transformer does not read",
            fix=f"write `columns: {{{', '.join(f'{name}: ignore' for name in others)}}}` below data, or leave out the backbone",
        )
    if rows.name != "source" and weights_of(config.model.backbone, config.model.source_checkpoint) is None:
        raise nothing_to_load(config)
    encoder = encoder_for(config.model.backbone, rows, *targets)
    loaded = _try_backbone(config, encoder, rows, head=rows.name == "source")
    cut = encoder.cut(rows.rows) if encoder.kind == "tokens" else ""
    return loaded.model_copy(update={"notes": (*loaded.notes, cut)}) if cut and loaded is not None else loaded


def _try_without_source(config: RunConfig, targets: list[Domain]) -> Loaded | None:
    from ntgate.data.encoder import fit_encoder
    from ntgate.stages.source import nothing_to_load
    from ntgate.training.pretrained import weights_of
    from ntgate.training.source import remembered_for

    existing = weights_of(config.model.backbone, config.model.source_checkpoint)
    if existing is None:
        raise nothing_to_load(config)
    known, encoder = remembered_for(existing, targets[0]), fit_encoder(*targets)
    if known is None:
        return _try_backbone(config, encoder, targets[0], head=False)
    return _try_backbone(config, known.encoder, targets[0], classes=len(known.classes))


def _check_text_fit(config: RunConfig, domains: dict[str, Domain]) -> None:
    from ntgate.data.encoder import fit_encoder
    from ntgate.strategies.base import cannot_read

    asked = [name for name in ("backbone", "source_checkpoint") if getattr(config.model, name) is not None]
    if asked:
        raise ModelError(
            f"model.{asked[0]}",
            expected="rows of numbers and categories",
            got=cannot_read(domains["train"].texts),
            fix="leave it out, or drop the texts",
        )
    fit_encoder(*(domains[name] for name in ("source", "train", "unlabelled") if name in domains))


def check_space(config: RunConfig, domains: dict[str, Domain]) -> None:
    """Make sure that the disk of the run's folder has room for its rows.

    Raises:
        MachineError: when it has not.
    """
    from ntgate.stages.preflight import disk
    from ntgate.transport import remote

    rows = sum(_bytes(domain) for domain in domains.values())
    folder = disk(config)
    free = shutil.disk_usage(folder).free
    if free < rows + _SPARE:
        raise MachineError(
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


def _try_backbone(
    config: RunConfig, encoder: Encoder, source: Domain, *, head: bool = True, classes: int | None = None
) -> Loaded | None:
    from ntgate.models.network import NetworkModel
    from ntgate.stages.exported import export_checked
    from ntgate.training.config import NetworkSpec
    from ntgate.training.network import build
    from ntgate.training.pretrained import load_pretrained, weights_of
    from ntgate.training.source import rows_of

    backbone = config.model.backbone or default_backbone(encoder.shape)
    spec = NetworkSpec(backbone=backbone, input_shape=encoder.shape, classes=classes or len(source.classes))
    network = build(spec, config.seed)
    existing = weights_of(backbone, config.model.source_checkpoint)
    loaded = None if existing is None else load_pretrained(network, existing, head=head)
    some = source.take(np.arange(min(_ROWS, len(source))))
    x = rows_of(encoder, some).x
    network.normaliser.fit(x)
    _pass_forward(network.eval(), x, "source" if source.name == "source" else "target")
    if backbone.kind == "import":  # ours and those of transformers are known to be expressible in ONNX
        with tempfile.TemporaryDirectory() as folder:
            model = NetworkModel(network, encoder, tuple(map(str, range(spec.classes))))
            export_checked(config, model, some, Path(folder) / "backbone.onnx")
    return loaded


def _pass_forward(network: Network, x: object, said: str) -> None:
    import torch

    subject = f"model.backbone {network.spec.backbone.kind}"
    fix = "choose a backbone that fits the data"
    try:
        with torch.inference_mode():
            scores = network(x)
    except Exception as error:
        raise ModelError(
            subject,
            expected=f"a module that takes a batch of the {said} rows",
            got=f"{type(error).__name__}: {error}".splitlines()[0],
            fix=fix,
        ) from error
    if not torch.isfinite(scores).all():
        raise ModelError(subject, expected=f"finite features of the {said} rows", got="NaN or infinity", fix=fix)
