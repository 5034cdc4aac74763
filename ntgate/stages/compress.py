"""Compress: make the candidate smaller where the config asks for it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Artifact, Frozen
from ntgate.compression.base import NetworkCompression
from ntgate.compression.quantisation import Quantisation
from ntgate.config import RunConfig
from ntgate.errors import ModelError
from ntgate.export.footprint import Footprint
from ntgate.stages.combine import Combined
from ntgate.stages.ingest import Ingested
from ntgate.stages.progress_listener import Listener, Silent
from ntgate.stages.source import heard, maximised
from ntgate.strategies.base import Arm
from ntgate.strategies.candidate import Candidate

if TYPE_CHECKING:
    from ntgate.data.domain import TrainingView


DISTILLED = "distilled committee"


class Smaller(Frozen):
    """What compression made of the candidate.

    Attributes:
        methods: the kinds of the methods, in the order in which they were applied.
        uncompressed: the candidate as it was trained, exported.
        model: the compressed model, as it would be shipped.
        before: costs of the candidate as it was trained.
        after: costs of the compressed model.
        validation_before: score on the validation rows, before.
        validation_after: score on the validation rows, after.
        max_score_difference: largest change of a class score there.
        max_abs_diff: largest difference between the compressed network's scores and its exported model's, before any quantisation.
    """

    methods: tuple[str, ...]
    uncompressed: Artifact
    model: Artifact
    before: Footprint
    after: Footprint
    validation_before: float
    validation_after: float
    max_score_difference: float
    max_abs_diff: float


class Compressed(Frozen):
    """The candidate that the gate is to judge.

    Attributes:
        candidate: what the arms were combined to; None when every arm failed.
        smaller: its compressed form; None where the config asks for no compression, or it could not be done.
        failed: why it could not be compressed as the config asks.
        seconds: wall time.
    """

    candidate: Candidate | None
    smaller: Smaller | None = None
    failed: str | None = None
    seconds: float = 0.0


def compress(
    config: RunConfig, folder: Path, ingested: Ingested, combined: Combined, listener: Listener | None = None
) -> Compressed:
    """Apply the methods of the config to the candidate, one after the other.

    Training and calibration see a training view, which has no test rows. A method that cannot be applied to the candidate is
    recorded in ``failed``: the gate then judges the candidate as it was trained, and promotes nothing.
    """
    began, chosen = time.perf_counter(), combined.candidate
    methods: list[str] = [method.kind for method in config.compression]
    if chosen is not None and chosen.members and _has_to_be_network(config):
        methods = [DISTILLED, *methods]
    if chosen is None or not methods:
        return Compressed(candidate=chosen, seconds=time.perf_counter() - began)
    (listener or Silent()).stage("compress: " + ", ".join(methods))
    smaller, failed = None, None
    try:
        smaller = _smaller(config, chosen, methods, ingested.view(), folder, listener)
    except ModelError as error:
        failed = str(error)
    return Compressed(candidate=chosen, smaller=smaller, failed=failed, seconds=time.perf_counter() - began)


def _has_to_be_network(config: RunConfig) -> bool:
    """Whether a committee has to become one network: the config says so, or asks for what only a network can bear."""
    asked = config.committee is not None and config.committee.distil
    return asked or any(isinstance(method, NetworkCompression) for method in config.compression)


def _smaller(
    config: RunConfig, chosen: Candidate, methods: list[str], view: TrainingView, folder: Path, listener: Listener | None
) -> Smaller:
    from ntgate.compression.distillation import distilled
    from ntgate.export.quantise import quantise
    from ntgate.export.runtime import scores_onnx
    from ntgate.models.network import NetworkModel
    from ntgate.stages.exported import export_checked

    measured = config.gate.metric.of_classes(view.train.classes)
    arm = Arm(
        view=view,
        source=None,
        backbone=None,
        training=config.training,
        metric=maximised(measured),
        seed=config.seed,
        progress=heard(measured, "compress", listener),
    )
    model = chosen.load()
    before, after = folder / "uncompressed.onnx", folder / "candidate.onnx"
    export_checked(config, model, view.validation, before)
    if DISTILLED in methods:
        model = distilled(model, replace(arm, checkpoint=folder / "models" / "committee.checkpoint"), config.model.backbone)
    for method in config.compression:
        if isinstance(method, NetworkCompression):
            if not isinstance(model, NetworkModel):
                raise ModelError(
                    f"compression: {method.kind}",
                    expected="a network",
                    got=f"the arm {chosen.strategy}, which has none",
                    fix="leave it out, or leave the arm out of strategies",
                )
            checkpoint = folder / "models" / f"{method.kind}.checkpoint"
            model = method.compress(model, replace(arm, checkpoint=checkpoint))
    difference = export_checked(config, model, view.validation, after)
    for method in config.compression:
        if isinstance(method, Quantisation):
            unquantised = after.rename(folder / "unquantised.onnx")
            quantise(unquantised, after, method, view.train.rows)
    scores = [scores_onnx(path, view.validation.rows) for path in (before, after)]
    values = [measured.value(view.validation.labels, held) for held in scores]
    return Smaller(
        methods=tuple(methods),
        uncompressed=Artifact.of(before),
        model=Artifact.of(after),
        before=Footprint.of(before, view.train.rows),
        after=Footprint.of(after, view.train.rows),
        validation_before=values[0],
        validation_after=values[1],
        max_score_difference=float(abs(scores[1] - scores[0]).max()),
        max_abs_diff=difference,
    )
