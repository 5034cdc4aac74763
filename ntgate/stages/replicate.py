"""Replicate: the two arms that are compared, trained again with further seeds, so that a lucky seed is not taken for a gain."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.stages.compress import Compressed
from ntgate.stages.ingest import Ingested
from ntgate.stages.listener import Listener, Silent
from ntgate.stages.train import train_arm
from ntgate.strategies.candidate import Candidate
from ntgate.strategies.scratch import Scratch

if TYPE_CHECKING:
    from ntgate.training.source_model import SourceModel


class Replicated(Frozen):
    """The further seeds of both arms, in the same order: number ``i`` of one shares its seed with number ``i`` of the other.

    Attributes:
        candidate: the chosen strategy with each further seed.
        scratch: the baseline with the same seeds and the same budget.
        seconds: wall time.
    """

    candidate: tuple[Candidate, ...] = ()
    scratch: tuple[Candidate, ...] = ()
    seconds: float = 0.0


def replicate(
    config: RunConfig,
    folder: Path,
    ingested: Ingested,
    source: SourceModel,
    plan: Plan,
    compressed: Compressed,
    listener: Listener | None = None,
) -> Replicated:
    """Train the chosen strategy and scratch with ``gate.seeds - 1`` further seeds.

    The source model stays: what varies is the initialisation and the order of rows in either arm. Replicates are neither
    shipped nor compressed.
    """
    began = time.perf_counter()
    chosen, repeats = compressed.candidate, range(1, config.gate.seeds)
    if chosen is None or not repeats or config.gate.cross_fitting is not None:  # whose folds have seeds of their own
        return Replicated()
    tell = listener or Silent()
    tell.stage(f"replicate: {chosen.strategy} and scratch with {len(repeats)} more seeds")
    strategy = next(planned for planned in plan.slots if planned.kind == chosen.strategy)
    pairs = [
        (
            train_arm(config, folder, ingested, source, strategy, tell, repeat=repeat),
            train_arm(config, folder, ingested, None, Scratch(), tell, repeat=repeat),
        )
        for repeat in repeats
    ]
    return Replicated(
        candidate=tuple(pair[0] for pair in pairs),
        scratch=tuple(pair[1] for pair in pairs),
        seconds=time.perf_counter() - began,
    )
