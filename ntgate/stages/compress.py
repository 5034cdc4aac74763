"""Compress: choose the candidate on the validation rows, and make it smaller where the config asks for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Artifact, Frozen
from ntgate.compression.base import NetworkCompression
from ntgate.compression.quantisation import Quantisation
from ntgate.config import RunConfig
from ntgate.errors import ModelError
from ntgate.export.footprint import Footprint
from ntgate.stages.ingest import Ingested
from ntgate.stages.listener import Listener, Silent
from ntgate.stages.source import heard, maximised
from ntgate.stages.train import Slot
from ntgate.strategies.base import Arm
from ntgate.strategies.candidate import Candidate

if TYPE_CHECKING:
    from ntgate.data.domain import TrainingView


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
        candidate: the best arm on the validation rows; None when every arm failed.
        smaller: its compressed form; None where the config asks for no compression, or it could not be done.
        failed: why it could not be compressed as the config asks.
        seconds: wall time.
    """

    candidate: Candidate | None
    smaller: Smaller | None = None
    failed: str | None = None
    seconds: float = 0.0


def choose(slots: Sequence[Slot]) -> Candidate | None:
    """The best trained candidate on the validation rows; the earlier in the plan where two are equal."""
    trained = [slot.candidate for slot in slots if slot.candidate is not None and slot.candidate.failed is None]
    return max(trained, key=lambda candidate: candidate.rank, default=None)


def compress(
    config: RunConfig, folder: Path, ingested: Ingested, slots: tuple[Slot, ...], listener: Listener | None = None
) -> Compressed:
    """Choose the candidate and apply the methods of the config to it, one after the other.

    Training and calibration see a training view, which has no test rows. A method that cannot be applied to the candidate is
    recorded in ``failed``: the gate then judges the candidate as it was trained, and promotes nothing.
    """
    began = time.perf_counter()
    chosen = choose(slots)
    if chosen is None or not config.compression:
        return Compressed(candidate=chosen, seconds=time.perf_counter() - began)
    (listener or Silent()).stage("compress: " + ", ".join(method.kind for method in config.compression))
    smaller, failed = None, None
    try:
        smaller = _smaller(config, chosen, ingested.view(), folder, listener)
    except ModelError as error:
        failed = str(error)
    return Compressed(candidate=chosen, smaller=smaller, failed=failed, seconds=time.perf_counter() - began)


def _smaller(
    config: RunConfig, chosen: Candidate, view: TrainingView, folder: Path, listener: Listener | None
) -> Smaller:
    from ntgate.export.quantise import quantise
    from ntgate.export.runtime import scores_onnx
    from ntgate.models.network import NetworkModel
    from ntgate.stages.exported import export_checked

    measured = config.gate.metric.of_classes(view.train.classes)
    arm = Arm(
        view=view, source=None, backbone=None, training=config.training,
        metric=maximised(measured), seed=config.seed, progress=heard(measured, "compress", listener),
    )  # fmt: skip
    model = chosen.load()
    before, after = folder / "uncompressed.onnx", folder / "candidate.onnx"
    export_checked(config, model, view.validation, before)
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
        methods=tuple(method.kind for method in config.compression),
        uncompressed=Artifact.of(before),
        model=Artifact.of(after),
        before=Footprint.of(before, view.train.rows),
        after=Footprint.of(after, view.train.rows),
        validation_before=values[0],
        validation_after=values[1],
        max_score_difference=float(abs(scores[1] - scores[0]).max()),
        max_abs_diff=difference,
    )
