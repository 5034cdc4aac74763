"""What a step did, as ZenML shows it beside the step: plain values of its result, by kind."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from ntgate.base import Frozen
from ntgate.planning.policy import Plan
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.combine import Combined
from ntgate.stages.compress import Compressed
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.decide import Decided
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.replicate import Replicated
from ntgate.stages.train import Slot
from ntgate.strategies.candidate import Candidate
from ntgate.training.source_model import SourceModel


@singledispatch
def facts(result: Frozen) -> dict[str, Any]:
    """What the result says of itself, else its plain values."""
    told: dict[str, Any] | None = getattr(result, "facts", None)
    return told if told is not None else {name: v for name, v in result if isinstance(v, str | bool | int | float)}


@facts.register
def _champion(result: ChampionSeen) -> dict[str, Any]:
    return {"outcome": "seen" if result.version else "none", "version": result.version or "none", "lost": result.lost or "no"}


@facts.register
def _source(result: SourceModel) -> dict[str, Any]:
    return _known(outcome=result.origin, classes=len(result.classes), validation=result.validation)


@facts.register
def _plan(result: Plan) -> dict[str, Any]:
    order = [row.strategy.kind for row in result.rows]
    return {"outcome": ", ".join(order), **{row.strategy.kind: row.reason for row in result.rows}}


@facts.register
def _arm(result: Candidate) -> dict[str, Any]:
    ended = "trained" if result.failed is None else "left out" if result.left_out else "failed"
    told = {"outcome": ended, "strategy": result.strategy, "steps": result.steps, "budget": result.budget}
    return told | _known(validation=result.validation, why=result.failed)


@facts.register
def _slot(result: Slot) -> dict[str, Any]:
    return {"outcome": "empty"} if result.candidate is None else _arm(result.candidate)


@facts.register
def _combined(result: Combined) -> dict[str, Any]:
    made = result.candidate
    return {"outcome": "every arm failed"} if made is None else {**_arm(made), "arms": len(made.members)}


@facts.register
def _compressed(result: Compressed) -> dict[str, Any]:
    if result.smaller is None:
        return {"outcome": "failed", "why": result.failed} if result.failed else {"outcome": "none asked for"}
    smaller = result.smaller
    return {"outcome": ", ".join(smaller.methods), "bytes_before": smaller.before.bytes, "bytes_after": smaller.after.bytes}


@facts.register
def _replicated(result: Replicated) -> dict[str, Any]:
    seeds = min(len(result.candidate), len(result.scratch))
    return {"outcome": "trained" if seeds else "none asked for", "further_seeds": seeds}


@facts.register
def _crossed(result: CrossFitted) -> dict[str, Any]:
    return {"outcome": "failed" if result.failed else "trained" if result.folds else "none asked for", "folds": len(result.folds)}


@facts.register
def _evaluated(result: Evaluated) -> dict[str, Any]:
    opened = len(result.allowance.positions)
    return _known(outcome="closed" if result.allowance.closed else "opened", test_rows=opened, onnx_difference=result.max_abs_diff)


@facts.register
def _decided(result: Decided) -> dict[str, Any]:
    gate = result.gate
    told = {"outcome": gate.outcome, "sentence": gate.sentence, "test_rows": gate.n, "decision_id": result.decision_id}
    rules = {finding.rule: finding.outcome for finding in gate.findings}
    return told | _known(gain=gate.gain, p_value=gate.p_value) | {"rules": rules}


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
