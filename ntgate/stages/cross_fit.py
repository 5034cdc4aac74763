"""Cross-fit: each fold of a small target held out once, with the whole choice among strategies made again without it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.stages.combine import combine
from ntgate.stages.ingest import Ingested
from ntgate.stages.progress_listener import Listener, Silent
from ntgate.strategies.candidate import Candidate

if TYPE_CHECKING:
    from ntgate.training.source_model import SourceModel


class Fold(Frozen):
    """The two arms that were made without one fold.

    Attributes:
        repeat: number of the division into folds.
        rows: positions of the held-out rows in the target.
        candidate: the arm that was chosen without them.
        scratch: the baseline.
    """

    repeat: int
    rows: tuple[int, ...]
    candidate: Candidate
    scratch: Candidate


class CrossFitted(Frozen):
    """Arms that were made without the rows they will be scored on, which nobody has done yet.

    Attributes:
        folds: of every division; none where cross-fitting was not asked for, or failed.
        failed: why there are none.
        seconds: wall time.
    """

    folds: tuple[Fold, ...] = ()
    failed: str | None = None
    seconds: float = 0.0


def cross_fit(
    config: RunConfig, folder: Path, ingested: Ingested, source: SourceModel, plan: Plan, listener: Listener | None = None
) -> CrossFitted:
    """Make the model again without each fold; without ``gate.cross_fitting`` this ends at once.

    The source model and the plan stay: both were made without a label of the target.
    """
    from ntgate.data.folds import folds
    from ntgate.stages.ingest import held_out
    from ntgate.stages.train import train_scratch, train_slot

    began, asked = time.perf_counter(), config.gate.cross_fitting
    if asked is None:
        return CrossFitted()
    whole, made = ingested.part("cross_fitted"), []
    for repeat in range(asked.repeats):
        fold = folds(whole, asked.folds, config.seed + repeat)
        seeded = config.model_copy(update={"seed": config.seed + repeat})
        for held in range(asked.folds):
            (listener or Silent()).stage(f"cross-fit: fold {held + 1} of {asked.folds}, division {repeat + 1}")
            place = folder / "folds" / f"{repeat}-{held}"
            without = held_out(config, place, ingested, fold, held, repeat)
            numbers = range(len(plan.slots))
            slots = tuple(train_slot(seeded, place, without, source, plan, number) for number in numbers)
            scratch = train_scratch(seeded, place, without)
            chosen = combine(seeded, place, without, scratch, slots).candidate
            if chosen is None or scratch.failed is not None:
                why = "every strategy failed" if chosen is None else f"scratch failed: {scratch.failed}"
                return CrossFitted(failed=f"without fold {held + 1}, {why}", seconds=time.perf_counter() - began)
            rows = tuple(np.flatnonzero(fold == held).tolist())
            made.append(Fold(repeat=repeat, rows=rows, candidate=chosen, scratch=scratch))
    return CrossFitted(folds=tuple(made), seconds=time.perf_counter() - began)
