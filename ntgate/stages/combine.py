"""Combine: the candidate from all arms that were trained, a committee of them or the best one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.stages.ingest import Ingested
from ntgate.stages.source import maximised
from ntgate.stages.train import Slot
from ntgate.strategies.candidate import Candidate
from ntgate.strategies.committee_config import COMMITTEE

if TYPE_CHECKING:
    from collections.abc import Sequence


class Combined(Frozen):
    """The candidate before any compression.

    Attributes:
        candidate: a committee or one arm; None when every arm failed.
        seconds: wall time.
    """

    candidate: Candidate | None
    seconds: float = 0.0


def combine(config: RunConfig, folder: Path, ingested: Ingested, scratch: Candidate, slots: tuple[Slot, ...]) -> Combined:
    """The committee of all trained arms, those of scratch among them; without one the arm that scores best on rows held out.

    Scratch's own arms have a say because they cannot transfer anything bad; where all that the source gives is bad, they are
    what is left, and the candidate is no better than scratch.
    """
    from ntgate.data.splits import units_of
    from ntgate.strategies.committee import committee

    began = time.perf_counter()
    arms = trained(slots)
    if not arms:
        return Combined(candidate=None)
    if config.committee is None:
        return Combined(candidate=max(arms, key=lambda arm: arm.rank))
    rows = ingested.view().labelled
    made = committee(
        COMMITTEE,
        [*arms, *(arm for arm in scratch.members if arm.failed is None)],
        rows.labels,
        config.committee,
        maximised(config.gate.metric.of_classes(rows.classes)),
        folder / "models",
        units=units_of(rows),
        baseline=None if scratch.failed is not None else scratch,
    )
    return Combined(candidate=made, seconds=time.perf_counter() - began)


def trained(slots: Sequence[Slot]) -> list[Candidate]:
    """The arms that did not fail, in the order of the plan."""
    return [slot.candidate for slot in slots if slot.candidate is not None and slot.candidate.failed is None]
