"""Plan: which strategies to train, in which order, and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ntgate.config import RunConfig
from ntgate.data.encoder import fit_encoder
from ntgate.planning.policy import Plan, plan
from ntgate.stages.drift_page import Drifted
from ntgate.stages.ingest import Ingested
from ntgate.stages.second_process import Crew
from ntgate.strategies.base import Facts
from ntgate.strategies.cost import Cost
from ntgate.training.config import reads_texts

if TYPE_CHECKING:
    from ntgate.training.source_model import SourceModel


_TERMS = 200  # of a usual text that are known; all others cost nothing


def make_plan(
    config: RunConfig, ingested: Ingested, source: SourceModel | None, drifted: Drifted, crew: Crew | None = None
) -> Plan:
    """Order the configured strategies by what is known before training, and leave out what there is no time for.

    A ``crew`` is told, since it may get a helper for what is to be done.
    """
    view, training = ingested.view(), config.training
    facts = Facts.of(view).model_copy(update={"text_network": reads_texts(config.model.backbone)})
    rows = len(view.labelled)
    trained = source.curve[-1].step if source is not None and source.curve else 0
    cost = Cost(
        step=source.seconds / trained if source is not None and trained else None,
        steps=training.target_steps(rows),
        fits=1 + training.folds_of(rows),
        source_rows=facts.source_rows,
        target_rows=rows,
        width=math.prod((fit_encoder(view.train) if source is None else source.encoder).shape) + _TERMS * len(view.train.texts),
        classes=len(facts.target_classes),
    )
    made = plan(config.strategies, facts, drifted.report, cost=cost, scratch=config.scratch, seconds=training.seconds)
    if crew is not None:
        crew.expect(config, made, facts.source_rows)
    return made
