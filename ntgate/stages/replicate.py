"""Replicate: the two arms that are compared, trained again with further seeds, so that a lucky seed is not taken for a gain."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.stages.compress import Compressed
from ntgate.stages.ingest import Ingested
from ntgate.stages.progress_listener import Listener, Silent
from ntgate.stages.second_process import ALONE, Crew
from ntgate.stages.train import train_arm
from ntgate.strategies.base import Strategy
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
    crew: Crew = ALONE,
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
    (listener or Silent()).stage(f"replicate: {chosen.strategy} and scratch with {len(repeats)} more seeds")
    alone = {learner.kind: learner for learner in config.scratch}
    strategies = {strategy.kind: strategy for strategy in plan.slots} | alone
    arms = {arm.strategy: arm for made in (chosen, scratch) for arm in with_a_say(made) or (made,)}
    asked = [(repeat, arm) for arm in sorted(arms.values(), key=lambda arm: -arm.seconds) for repeat in repeats]
    made = crew.done(
        [
            partial(
                _retrained,
                config,
                folder,
                ingested,
                None if arm.strategy in alone else source,
                strategies[arm.strategy],
                arm,
                repeat,
            )
            for repeat, arm in asked
        ]
    )
    known = {(repeat, arm.strategy): one for (repeat, arm), one in zip(asked, made, strict=True)}

    def of_seed(first: Candidate, repeat: int) -> Candidate:
        """The arm, or the committee of its arms, with another seed."""
        found = [known[repeat, arm.strategy] for arm in with_a_say(first) or (first,)]
        return again(first, found) if first.members else found[0]

    return Replicated(
        candidate=tuple(of_seed(chosen, repeat) for repeat in repeats),
        scratch=tuple(of_seed(scratch, repeat) for repeat in repeats),
        seconds=time.perf_counter() - began,
    )


def _retrained(
    config: RunConfig,
    folder: Path,
    ingested: Ingested,
    source: SourceModel | None,
    strategy: Strategy,
    first: Candidate,
    repeat: int,
    listener: Listener,
) -> Candidate:
    """An arm with another seed, as far as it was trained before; one that draws nothing is what it was."""
    if not strategy.draws:
        return first
    return train_arm(config, folder, ingested.view(), source, strategy, listener, repeat=repeat, until=first.until)
