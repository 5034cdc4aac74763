"""Evaluate: freeze one candidate, export both arms, check parity, and only then open the test rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.ingest import Ingested
from ntgate.stages.train import Slot
from ntgate.strategies.candidate import Candidate


class Evaluated(Frozen):
    """The frozen arms on the test rows.

    Attributes:
        candidate: the best arm on the validation rows; None when every arm failed.
        scratch: the baseline.
        onnx: exported model by arm.
        max_abs_diff: largest difference between a network's scores and its exported model's.
        scores: the scores of every arm on every test row.
        champion_unusable: why a champion that exists could not be scored.
        seconds: wall time.
    """

    candidate: Candidate | None
    scratch: Candidate
    onnx: dict[str, Artifact]
    max_abs_diff: float | None
    scores: Artifact
    champion_unusable: str | None
    seconds: float


def choose(slots: Sequence[Slot]) -> Candidate | None:
    """The best trained candidate on the validation rows; the earlier in the plan where two are equal."""
    trained = [slot.candidate for slot in slots if slot.candidate is not None and slot.candidate.failed is None]
    return max(trained, key=lambda candidate: candidate.rank, default=None)


def evaluate(
    config: RunConfig,
    ingested: Ingested,
    champion: ChampionSeen,
    scratch: Candidate,
    slots: Sequence[Slot],
) -> Evaluated:
    """Export candidate and scratch, and score them and the champion on the same test rows.

    Raises:
        ModelError: when an exported model does not reproduce its network.
    """
    began = time.perf_counter()
    candidate = choose(slots)
    test = ingested.part("test")
    arms = {"candidate": candidate, "scratch": scratch}
    onnx, differences = {}, []
    kept: dict[str, npt.NDArray[Any]] = {"y": test.labels}
    for name, arm in arms.items():
        if arm is None or arm.failed is not None:
            continue
        onnx[name], kept[name], difference = _export(config, arm, name, ingested)
        differences.append(difference)
    unusable = champion.unusable
    if champion.model is not None:
        try:
            kept["champion"] = champion.score(test)
        except Exception as error:  # noqa: BLE001  a champion made elsewhere may fail in any way; the gate is told why
            unusable = str(error)
    path = ingested.folder / "scores.npz"
    np.savez_compressed(path, allow_pickle=False, **kept)
    return Evaluated(
        candidate=candidate,
        scratch=scratch,
        onnx=onnx,
        max_abs_diff=max(differences, default=None),
        scores=Artifact.of(path),
        champion_unusable=unusable,
        seconds=time.perf_counter() - began,
    )


def _export(
    config: RunConfig, arm: Candidate, name: str, ingested: Ingested
) -> tuple[Artifact, npt.NDArray[np.float32], float]:
    """The arm as ONNX, its scores ``(n, c)`` on the test rows, and how far they are from the network's."""
    import torch

    from ntgate.export.onnx_export import export_onnx
    from ntgate.export.parity import check_parity
    from ntgate.export.runtime import scores_onnx
    from ntgate.training.source import rows_of

    network, test = arm.load(), ingested.part("test")
    assert arm.encoder is not None
    path = export_onnx(network, arm.encoder, ingested.folder / f"{name}.onnx", classes=arm.classes)
    with torch.inference_mode():
        x = rows_of(arm.encoder, test).x
        reference = torch.cat([network(part).softmax(dim=1) for part in x.split(1024)]).numpy()
    difference = check_parity(path, test.rows, reference, tolerance=config.gate.max_onnx_difference)
    # What is judged is what is shipped: the gate sees the exported model's scores.
    return Artifact.of(path), scores_onnx(path, test.rows), difference
