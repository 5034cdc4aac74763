"""Evaluate: export both arms, check parity, and open the test rows for the frozen candidate."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.compress import Compressed
from ntgate.stages.exported import export_checked
from ntgate.stages.ingest import Ingested
from ntgate.strategies.candidate import Candidate


class Evaluated(Frozen):
    """The frozen arms on the test rows.

    Attributes:
        candidate: the best arm on the validation rows; None when every arm failed.
        scratch: the baseline.
        onnx: exported model by arm; where the candidate was compressed, ``uncompressed`` is a further one.
        max_abs_diff: largest difference between a network's scores and its exported model's.
        scores: the scores of every arm on every test row.
        champion_unusable: why a champion that exists could not be scored.
        compression_failed: why the candidate could not be compressed as the config asks.
        seconds: wall time.
    """

    candidate: Candidate | None
    scratch: Candidate
    onnx: dict[str, Artifact]
    max_abs_diff: float | None
    scores: Artifact
    champion_unusable: str | None
    compression_failed: str | None = None
    seconds: float


def evaluate(
    config: RunConfig,
    ingested: Ingested,
    champion: ChampionSeen,
    scratch: Candidate,
    compressed: Compressed,
) -> Evaluated:
    """Export candidate and scratch, and score them and the champion on the same test rows.

    A compressed candidate comes exported: it is scored as it is, and beside it the one that it was made from.

    Raises:
        ModelError: when an exported model does not reproduce its network.
    """
    from ntgate.export.runtime import scores_onnx

    began = time.perf_counter()
    test, smaller = ingested.part("test"), compressed.smaller
    onnx, differences = {}, []
    kept: dict[str, npt.NDArray[Any]] = {"y": test.labels}
    if smaller is not None:
        onnx = {"candidate": smaller.model, "uncompressed": smaller.uncompressed}
        differences.append(smaller.max_abs_diff)
    for name, arm in {"candidate": compressed.candidate, "scratch": scratch}.items():
        if arm is None or arm.failed is not None or name in onnx:
            continue
        assert arm.encoder is not None
        path = ingested.folder / f"{name}.onnx"
        differences.append(export_checked(config, arm.load(), arm.encoder, arm.classes, test, path))
        onnx[name] = Artifact.of(path)
    # What is judged is what is shipped: the gate sees the exported models' scores.
    kept.update({name: scores_onnx(model.verified(), test.rows) for name, model in onnx.items()})
    unusable = champion.unusable
    if champion.model is not None:
        try:
            kept["champion"] = champion.score(test)
        except Exception as error:  # noqa: BLE001  a champion made elsewhere may fail in any way; the gate is told why
            unusable = str(error)
    path = ingested.folder / "scores.npz"
    np.savez_compressed(path, allow_pickle=False, **kept)
    return Evaluated(
        candidate=compressed.candidate,
        scratch=scratch,
        onnx=onnx,
        max_abs_diff=max(differences, default=None),
        scores=Artifact.of(path),
        champion_unusable=unusable,
        compression_failed=compressed.failed,
        seconds=time.perf_counter() - began,
    )
