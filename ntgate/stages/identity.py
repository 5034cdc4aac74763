"""Identities: what makes a decision, or a comparison, the same as another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ntgate
from ntgate.base import Artifact
from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.ingest import Ingested

if TYPE_CHECKING:
    from ntgate.data.domain import Domain


def decision_id(config: RunConfig, ingested: Ingested, champion: ChampionSeen) -> str:
    """SHA-256 over what the decision depends on: config, data, code and the champion seen."""
    parts = [portable(config), ingested.fingerprints, code_fingerprint(), champion.version]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


_APPROVAL = ("approval", "approval_days", "approvers")  # what becomes of a verdict, not what it is
# Settings of the gate that can only veto, or say nothing about given scores.
_ELSEWHERE = {"ledger", "labels", "wanted_gain", "max_onnx_difference", "min_test_rows", "swapped_labels", *_APPROVAL}


def comparison(config: RunConfig, ingested: Ingested, onnx: Mapping[str, Artifact], crossed: CrossFitted, test: Domain) -> str:
    """What makes this comparison the same as another: everything that its answer follows from.

    Not the champion: what the rows say of candidate and scratch stays the same when it changes, so that a promoted run can be
    repeated.
    """
    from ntgate.gate.identity import comparison_id
    from ntgate.stages.scores import about_rows

    streaming = config.gate.ledger.policy == "e_process"
    models = {name: model.sha256 for name, model in onnx.items()}
    for number, fold in enumerate(crossed.folds):
        for role, arm in (("candidate", fold.candidate), ("scratch", fold.scratch)):
            assert arm.model is not None
            models[f"fold {number} {role}"] = arm.model.sha256
    rows = hashlib.sha256()
    if not streaming:  # whose rows are still to come
        for name, known in sorted(about_rows(config, test, np.arange(len(test))).items()):
            rows.update(f"{name} {known.tolist()}".encode())
        rows.update(repr(ingested.leakage and ingested.leakage.positions).encode())
    settings = {
        **config.gate.model_dump(mode="json", exclude=_ELSEWHERE if config.gate.rules else {*_ELSEWHERE, "rules"}),
        "seed": config.seed,
        "rows": rows.hexdigest(),
    }
    return comparison_id(models, settings, None if streaming else ingested.fingerprints[ingested.judged])


def portable(config: RunConfig) -> dict[str, Any]:
    """The config without what names a place: the same decision on another machine has the same identity."""
    content = config.model_dump(mode="json", exclude={"kubeflow", "notify", "output", "registry", "report"})
    for name in ("source", "target", "target_test", "unlabelled"):
        if content["data"].get(name) is not None:
            content["data"][name].pop("path", None)
    content["model"].pop("source_checkpoint", None)
    content["training"].pop("device", None)
    content["gate"]["ledger"].pop("uri", None)
    for name in _APPROVAL:
        del content["gate"][name]
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
