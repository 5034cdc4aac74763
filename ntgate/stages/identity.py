"""Identities: what makes a decision, or a comparison, the same as another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ntgate.base import Artifact
from ntgate.config import RunConfig
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.code import code_fingerprint, own_code
from ntgate.stages.cross_fit import CrossFitted
from ntgate.stages.ingest import Ingested
from ntgate.training.config import Transformers

if TYPE_CHECKING:
    from ntgate.data.domain import Domain


def decision_id(config: RunConfig, ingested: Ingested, champion: ChampionSeen) -> str:
    """SHA-256 over what the decision depends on: config, data, code and the champion seen."""
    return _decision_id(_recipe(config, ingested), champion.version)


def decision_ids(config: RunConfig, ingested: Ingested, champion: ChampionSeen) -> frozenset[str]:
    """Of the same config, data and code, with whatever champion an earlier run may have seen: those up to some after this one."""
    recipe, version = _recipe(config, ingested), champion.version
    latest = int(version) if version is not None and version.isdigit() else 0
    seen = {version, None, *(str(number) for number in range(1, latest + _VERSIONS))}
    return frozenset(_decision_id(recipe, one) for one in seen)


_VERSIONS = 200  # of the registered model after the present champion's


def same_but_for_rounding(config: RunConfig, ingested: Ingested, champion: ChampionSeen) -> frozenset[str]:
    """The decisions whose models differ from this one's by rounding at most.

    None where the config names code of its own: what that draws, or imports from elsewhere, is in no identity.
    """
    return frozenset() if own_code(portable(config)) else decision_ids(config, ingested, champion)


def _recipe(config: RunConfig, ingested: Ingested) -> list[Any]:
    content = portable(config)
    if isinstance(config.model.backbone, Transformers):  # whose content is among the fingerprints
        del content["model"]["backbone"]["path"]
    for name in _MACHINE:
        del content["training"][name]
    own = own_code(content)
    return [content, ingested.fingerprints, {"ntgate": code_fingerprint(), **own} if own else code_fingerprint()]


def _decision_id(recipe: list[Any], champion: str | None) -> str:
    return hashlib.sha256(json.dumps([*recipe, champion], sort_keys=True).encode()).hexdigest()


_APPROVAL = ("approval", "approval_days", "approvers")  # what becomes of a verdict, not what it is
_ASKING = ("python", "seconds")  # the champion: where it is asked, not what
_MACHINE = ("device_memory", "processes", "workers")  # what trains, not what is trained
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
    for name in _ASKING if content["champion"] is not None else ():
        del content["champion"][name]
    content["training"].pop("device", None)
    content["gate"]["ledger"].pop("uri", None)
    for name in _APPROVAL:
        del content["gate"][name]
    return content
