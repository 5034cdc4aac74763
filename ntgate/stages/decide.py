"""Decide: the evidence to the gate, its verdict to ``decision.json``."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np

from ntgate import SCHEMA, __version__
from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.data.leakage import Leakage
from ntgate.gate.decide import decide
from ntgate.gate.decision import GateDecision
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.drift_page import Drifted
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.gate_facts import Facts
from ntgate.stages.identity import decision_id, portable
from ntgate.stages.ingest import Ingested
from ntgate.stages.open_rows import close_rows
from ntgate.stages.progress_listener import Listener, Silent
from ntgate.stages.scores import evidence


class Decided(Frozen):
    """The gate's decision with its identity.

    Attributes:
        decision_id: the same for the same config, data, code and champion seen; promoting twice is promoting once.
        gate: the decision.
        file: ``decision.json``.
        seconds: wall time.
    """

    decision_id: str
    gate: GateDecision
    file: Artifact
    seconds: float


def decide_run(
    config: RunConfig,
    folder: Path,
    ingested: Ingested,
    champion: ChampionSeen,
    drifted: Drifted,
    evaluated: Evaluated,
    listener: Listener | None = None,
) -> Decided:
    """Judge the frozen candidate and write the decision down.

    Of the shift only that counts which it shows of the target's labels; how far the target has moved is no rule's business.
    """
    began, asked = time.perf_counter(), ingested.reading
    with np.load(evaluated.scores.verified(), allow_pickle=False) as kept:
        arrays = dict(kept)
    facts = Facts(
        champion_version=champion.version,
        champion_unusable=evaluated.champion_unusable,
        champion_itself=champion.same_as(evaluated.onnx.get("candidate")),
        champion_scratch=champion.same_as(evaluated.onnx.get("scratch")),
        champion_lost=champion.lost,
        first_allowed=champion.first_allowed,
        compressed="uncompressed" in evaluated.onnx,
        compression_failed=evaluated.compression_failed,
        constant_class=evaluated.constant_class,
        swapped_labels=drifted.swapped_labels,
        leakage=_leakage(ingested, evaluated),
        questions=() if asked is None else tuple(question.sentence for question in asked.questions),
        answers=() if asked is None else asked.answers,
        allowance=evaluated.allowance,
    )
    judged = evidence(arrays, **facts.by_name())
    metric = config.gate.metric.of_classes(ingested.target_classes)
    decision = decide(judged, config.gate.model_copy(update={"metric": metric}), seed=config.seed)
    close_rows(config, ingested.part(ingested.judged), judged, decision)
    (listener or Silent()).stage(f"gate: {decision.outcome}")
    identity = decision_id(config, ingested, champion)
    path = folder / "decision.json"
    content = {
        "schema": SCHEMA,
        "ntgate": __version__,
        "decision_id": identity,
        "champion_seen": champion.version,
        "champion_lost": champion.lost,
        "first_allowed": champion.first_allowed,
        "strategy": evaluated.candidate.strategy if evaluated.candidate else None,
        "fingerprints": ingested.fingerprints,
        "onnx": {name: artifact.sha256 for name, artifact in evaluated.onnx.items()},
        "scores": evaluated.scores.sha256,
        "facts": facts.model_dump(mode="json"),
        "decision": decision.model_dump(mode="json"),
        "config": portable(config),
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return Decided(decision_id=identity, gate=decision, file=Artifact.of(path), seconds=time.perf_counter() - began)


def _leakage(ingested: Ingested, evaluated: Evaluated) -> Leakage | None:
    """What the rows that were opened share with the training rows; of closed ones all is told, since none was scored."""
    found, allowance = ingested.leakage, evaluated.allowance
    return found if found is None or allowance.closed else found.among(allowance.positions)
