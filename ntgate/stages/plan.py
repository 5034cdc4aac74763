"""Plan: which strategies to train, in which order, and why."""

from __future__ import annotations

from ntgate.config import RunConfig
from ntgate.planning.policy import Plan, plan
from ntgate.stages.drift_page import Drifted
from ntgate.stages.ingest import Ingested
from ntgate.strategies.base import Facts


def make_plan(config: RunConfig, ingested: Ingested, drifted: Drifted) -> Plan:
    """Order the configured strategies by what is known before training."""
    return plan(config.strategies, Facts.of(ingested.view()), drifted.report)
