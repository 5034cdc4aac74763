"""The answer of a run: what `ntgate run --json` prints."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from ntgate.base import Frozen
from ntgate.config import RunConfig
from ntgate.gate.finding import Finding
from ntgate.planning.policy import Plan
from ntgate.shift.report import ShiftReport
from ntgate.stages.decide import Decided
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.ingest import Ingested
from ntgate.stages.promote import Promoted
from ntgate.strategies.candidate import Candidate
from ntgate.training.source_model import SourceModel


class ArmResult(Frozen):
    """One judged arm: its score on ``n`` test rows; ``strategy`` is None for scratch and the champion."""

    strategy: str | None = None
    version: str | None = None
    value: float | None
    n: int
    seconds: float | None = None


class PlanResult(Frozen):
    """One strategy of the plan and what became of it."""

    strategy: str
    reason: str
    trained: bool
    validation: float | None
    seconds: float


class RunResult(Frozen):
    """The whole answer; DESIGN of the JSON contract: keys are added, never dropped; paths are absolute."""

    schema_: Literal[1] = 1
    outcome: Literal["promoted", "rejected", "inconclusive"]
    sentence: str
    decision_id: str
    metric: str
    candidate: ArmResult | None
    scratch: ArmResult
    champion: ArmResult | None
    gain: float | None
    gain_interval: tuple[float, float] | None
    p_value: float | None
    alpha: float
    shift: dict[str, Any]
    plan: tuple[PlanResult, ...]
    findings: tuple[Finding, ...]
    onnx: dict[str, Any]
    registry: dict[str, Any]
    data: dict[str, Any]
    reports: dict[str, str]
    directory: str
    dry_run: bool
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values, with the key ``schema`` first."""
        content = self.model_dump(mode="json")
        return {"schema": content.pop("schema_"), **content}
