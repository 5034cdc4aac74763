"""Train: one arm a slot, and scratch beside them with the same budget."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.planning.policy import Plan
from ntgate.stages.ingest import Ingested
from ntgate.stages.progress_listener import Listener
from ntgate.stages.source import heard, maximised
from ntgate.strategies.base import Arm, Strategy
from ntgate.strategies.candidate import Candidate, train
from ntgate.strategies.committee_config import SCRATCH, CommitteeConfig

if TYPE_CHECKING:
    from ntgate.data.domain import TrainingView
    from ntgate.training.source_model import SourceModel


SETTLING = 10.0  # seconds for what comes before training beside reading and the source model: imports, the shift, pages


class Slot(Frozen):
    """What came of one training slot; ``candidate`` is None where the plan leaves strategies out."""

    candidate: Candidate | None


def train_slot(
    config: RunConfig,
    folder: Path,
    ingested: Ingested,
    source: SourceModel,
    plan: Plan,
    number: int,
    listener: Listener | None = None,
) -> Slot:
    """Train the plan's strategy of this ``number``; where the plan leaves strategies out, the last slots stay empty.

    Where training has only so many seconds, and the arms before took longer than the plan thought, it is not begun.
    """
    if number >= len(plan.slots):
        return Slot(candidate=None)
    spent, most = time.time() - ingested.began, config.training.seconds
    if most is not None and spent > most + ingested.seconds + source.seconds + SETTLING:
        kind = plan.slots[number].kind
        return Slot(candidate=Candidate(strategy=kind, failed=f"not begun: training.seconds ({most:g}) had passed"))
    return Slot(candidate=train_arm(config, folder, ingested.view(), source, plan.slots[number], listener))


def slot_seconds(config: RunConfig, plan: Plan, number: int) -> float:
    """About how long :func:`train_slot` takes; where training has only so many seconds, the plan's order is to be kept: 0."""
    if config.training.seconds is not None or number >= len(plan.slots):
        return 0.0
    return [row.seconds or 0.0 for row in plan.rows if row.suitable][number]


def train_scratch(config: RunConfig, folder: Path, ingested: Ingested, listener: Listener | None = None) -> Candidate:
    """Train the baseline: every learner of the portfolio on the target rows alone, and the committee of them."""
    from ntgate.data.splits import units_of
    from ntgate.strategies.committee import committee

    view = ingested.view()
    arms = [train_arm(config, folder, view, None, learner, listener) for learner in config.scratch]
    rows = view.labelled
    settings = config.committee or CommitteeConfig()
    measured = maximised(config.gate.metric.of_classes(rows.classes))
    return committee(SCRATCH, arms, rows.labels, settings, measured, folder / "models", units=units_of(rows))


def train_arm(
    config: RunConfig,
    folder: Path,
    view: TrainingView,
    source: SourceModel | None,
    strategy: Strategy,
    listener: Listener | None = None,
    *,
    repeat: int = 0,
    until: int | None = None,
) -> Candidate:
    """Train one arm, to the point ``until`` of its curve where that is known already.

    Each ``repeat`` has a seed and a folder of its own, and else everything in common.
    """
    models = folder / "models" / (f"seed-{repeat}" if repeat else "")
    models.mkdir(parents=True, exist_ok=True)
    metric = config.gate.metric.of_classes(view.train.classes)
    arm = Arm(
        view=view,
        source=source,
        backbone=config.model.backbone,
        training=config.training,
        metric=maximised(metric),
        seed=config.seed + repeat,
        progress=heard(metric, strategy.kind, listener),
        checkpoint=models / f"{strategy.kind}.checkpoint",
        until=until,
    )
    return train(strategy, arm, models)
