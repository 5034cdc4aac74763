"""Plan: which strategies to train, in which order, and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ntgate.config import RunConfig
from ntgate.data.encoder import fit_encoder
from ntgate.planning.policy import Plan, plan
from ntgate.stages.drift_page import Drifted
from ntgate.stages.ingest import Ingested
from ntgate.strategies.base import Facts
from ntgate.strategies.cost import Cost
from ntgate.training.config import default_backbone, reads_texts

if TYPE_CHECKING:
    from ntgate.data.encoder import Encoder
    from ntgate.shift.report import ShiftReport
    from ntgate.training.source_model import SourceModel


_TERMS = 200  # of a usual text that are known; all others cost nothing


def make_plan(config: RunConfig, ingested: Ingested, source: SourceModel | None, drifted: Drifted) -> Plan:
    """Order the configured strategies by what is known before training, and leave out what there is no time for."""
    trained = source.curve[-1].step if source is not None and source.curve else 0
    step = source.seconds / trained if source is not None and trained else None
    return _plan(config, ingested, step, None if source is None else source.encoder, drifted.report)


def foreseen(config: RunConfig, ingested: Ingested) -> Plan:
    """The plan as far as it is known before there is a source model or a shift; its seconds are those of a usual core.

    They are the same on a busy machine, so that whether there is a helper, and with it how many threads train, is so too.
    """
    from ntgate.training.step_seconds import step_seconds

    encoder = fit_encoder(ingested.view().train)
    backbone = config.model.backbone or default_backbone(encoder.shape)
    step = step_seconds(backbone, encoder.shape, config.training.batch_size)
    return _plan(config, ingested, step, encoder, None)


def _plan(config: RunConfig, ingested: Ingested, step: float | None, encoder: Encoder | None, shift: ShiftReport | None) -> Plan:
    """The plan where a step of the backbone takes so many seconds."""
    view, training = ingested.view(), config.training
    facts = Facts.of(view).model_copy(update={"text_network": reads_texts(config.model.backbone)})
    rows = len(view.labelled)
    cost = Cost(
        step=step,
        steps=training.target_steps(rows),
        fits=1 + training.folds_of(rows),
        source_rows=facts.source_rows,
        target_rows=rows,
        width=math.prod((encoder or fit_encoder(view.train)).shape) + _TERMS * len(view.train.texts),
        classes=len(facts.target_classes),
    )
    return plan(config.strategies, facts, shift, cost=cost, scratch=config.scratch, seconds=training.seconds)
