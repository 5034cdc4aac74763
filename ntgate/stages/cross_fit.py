"""Cross-fit: each fold of a small target held out once, with the whole choice among strategies made again without it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from ntgate.base import Artifact, Frozen
from ntgate.config import SLOTS, RunConfig
from ntgate.planning.policy import Plan
from ntgate.stages.compress import choose
from ntgate.stages.ingest import Ingested
from ntgate.stages.listener import Listener, Silent

if TYPE_CHECKING:
    from ntgate.training.source_model import SourceModel


class CrossFitted(Frozen):
    """Scores on held-out folds.

    Attributes:
        scores: ``candidate`` and ``scratch`` ``(repeats, n, c)`` and ``fold`` ``(repeats, n)``, by row of the target; None where
            cross-fitting was not asked for, or failed.
        failed: why there are none.
        seconds: wall time.
    """

    scores: Artifact | None = None
    failed: str | None = None
    seconds: float = 0.0


def cross_fit(
    config: RunConfig, ingested: Ingested, source: SourceModel, plan: Plan, listener: Listener | None = None
) -> CrossFitted:
    """Score the way of making the model on rows that had no part in it; without ``gate.cross_fitting`` this ends at once.

    The source model and the plan stay: both were made without a label of the target.
    """
    from ntgate.data.folds import folds
    from ntgate.stages.exported import network_scores
    from ntgate.stages.ingest import held_out
    from ntgate.stages.train import train_scratch, train_slot

    began, asked = time.perf_counter(), config.gate.cross_fitting
    if asked is None:
        return CrossFitted()
    whole = ingested.part("cross_fitted")
    scores = np.zeros((2, asked.repeats, len(whole), len(whole.classes)), dtype=np.float32)
    fold = np.stack([folds(whole, asked.folds, config.seed + repeat) for repeat in range(asked.repeats)])
    for repeat, held in np.ndindex(asked.repeats, asked.folds):
        (listener or Silent()).stage(f"cross-fit: fold {held + 1} of {asked.folds}, division {repeat + 1}")
        without = held_out(config, ingested, fold[repeat], held, repeat)
        seeded = config.model_copy(update={"seed": config.seed + repeat})
        chosen = choose([train_slot(seeded, without, source, plan, slot) for slot in range(SLOTS)])
        scratch = train_scratch(seeded, without)
        rows = np.flatnonzero(fold[repeat] == held)
        for number, arm in enumerate((chosen, scratch)):
            if arm is None or arm.encoder is None:
                why = "every strategy failed" if arm is None else f"scratch failed: {arm.failed}"
                return CrossFitted(failed=f"without fold {held + 1}, {why}", seconds=time.perf_counter() - began)
            scores[number, repeat, rows] = network_scores(arm.load(), arm.encoder, whole.take(rows))
    path = ingested.folder / "cross_fitted.npz"
    np.savez_compressed(path, candidate=scores[0], scratch=scores[1], fold=fold)
    return CrossFitted(scores=Artifact.of(path), seconds=time.perf_counter() - began)
