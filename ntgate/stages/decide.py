"""Decide: the evidence to the gate, its verdict to ``decision.json``."""

from __future__ import annotations

import hashlib
import json
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import ntgate
from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.gate.decide import decide
from ntgate.gate.decision import GateDecision
from ntgate.gate.evidence import Evidence
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.evaluate import Evaluated
from ntgate.stages.ingest import Ingested


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


def decide_run(config: RunConfig, ingested: Ingested, champion: ChampionSeen, evaluated: Evaluated) -> Decided:
    """Judge the frozen candidate and write the decision down."""
    began = time.perf_counter()
    with np.load(evaluated.scores.verified(), allow_pickle=False) as kept:
        arrays = dict(kept)
    evidence = Evidence(
        y=arrays["y"],
        candidate=arrays.get("candidate"),
        scratch=arrays.get("scratch"),
        champion=arrays.get("champion"),
        champion_version=champion.version,
        champion_unusable=evaluated.champion_unusable,
        compressed="uncompressed" in evaluated.onnx,
        uncompressed=arrays.get("uncompressed"),
        compression_failed=evaluated.compression_failed,
    )
    decision = decide(evidence, config.gate, seed=config.seed)
    identity = decision_id(config, ingested, champion)
    path = ingested.folder / "decision.json"
    content = {
        "schema": 1,
        "decision_id": identity,
        "champion_seen": champion.version,
        "strategy": evaluated.candidate.strategy if evaluated.candidate else None,
        "fingerprints": ingested.fingerprints,
        "onnx": {name: artifact.sha256 for name, artifact in evaluated.onnx.items()},
        "scores": evaluated.scores.sha256,
        "decision": decision.model_dump(mode="json"),
        "config": portable(config),
    }
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return Decided(decision_id=identity, gate=decision, file=Artifact.of(path), seconds=time.perf_counter() - began)


def decision_id(config: RunConfig, ingested: Ingested, champion: ChampionSeen) -> str:
    """SHA-256 over what the decision depends on: config, data, code and the champion seen."""
    parts = [portable(config), ingested.fingerprints, code_fingerprint(), champion.version]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def portable(config: RunConfig) -> dict[str, Any]:
    """The config without what names a place: the same decision on another machine has the same identity."""
    content = config.model_dump(mode="json", exclude={"output", "registry"})
    for spec in content["data"].values():
        if isinstance(spec, dict):
            spec.pop("path", None)
    content["model"].pop("source_checkpoint", None)
    content["training"].pop("device", None)
    return content


@lru_cache(maxsize=1)
def code_fingerprint() -> str:
    """SHA-256 over the package's own source files."""
    digest = hashlib.sha256(ntgate.__version__.encode())
    root = Path(ntgate.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
