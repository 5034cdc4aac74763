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
from ntgate.strategies.committee import again, with_a_say

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
    scratch: Candidate,
    compressed: Compressed,
    listener: Listener | None = None,
) -> Replicated:
    """Train the chosen strategy and scratch with ``gate.seeds - 1`` further seeds.

    The source model stays: what varies is the initialisation and the order of rows in either arm. Replicates are neither
    shipped nor compressed.
    """
    began = time.perf_counter()
    chosen, repeats = compressed.candidate, range(1, config.gate.seeds)
    if (
        chosen is None or scratch.failed is not None or not repeats or config.gate.cross_fitting is not None
    ):  # whose folds have seeds of their own
        return Replicated()
    tell = listener or Silent()
    tell.stage(f"replicate: {chosen.strategy} and scratch with {len(repeats)} more seeds")
    view = ingested.view()
    alone = {learner.kind: learner for learner in config.scratch}
    strategies = {strategy.kind: strategy for strategy in plan.slots} | alone

    def retrained(made: Candidate, repeat: int, known: dict[str, Candidate]) -> Candidate:
        """The arm, or each arm of the committee, with another seed, as far as it was trained before."""
        arms = with_a_say(made) or (made,)
        for arm in arms:
            if arm.strategy not in known:
                given, strategy = None if arm.strategy in alone else source, strategies[arm.strategy]
                known[arm.strategy] = train_arm(
                    config, folder, view, given, strategy, tell, repeat=repeat, until=arm.until
                )
        found = [known[arm.strategy] for arm in arms]
        return again(made, found) if made.members else found[0]

    pairs = []
    for repeat in repeats:
        known: dict[str, Candidate] = {}  # scratch's arms are members of both committees
        pairs.append((retrained(chosen, repeat, known), retrained(scratch, repeat, known)))
    return Replicated(
        candidate=tuple(pair[0] for pair in pairs),
        scratch=tuple(pair[1] for pair in pairs),
        seconds=time.perf_counter() - began,
    )
