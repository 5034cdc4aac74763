"""The scores of every arm on the rows that the gate judges by, as arrays in one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact
from ntgate.config import RunConfig
from ntgate.data.domain import Domain
from ntgate.data.slices import slice_keys
from ntgate.gate.evidence import Evidence
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.exported import network_scores
from ntgate.stages.replicate import Replicated

Arrays: TypeAlias = "dict[str, npt.NDArray[Any]]"
_SLICE = "slice "  # before the name of what divides the rows


def about_rows(config: RunConfig, test: Domain) -> Arrays:
    """What is known of the rows themselves: labels, slices and groups."""
    known: Arrays = {"y": test.labels}
    known.update({f"{_SLICE}{part.by}": slice_keys(test, part.by) for part in config.gate.slices})
    if test.groups is not None:
        known["groups"] = test.groups
    return known


def of_exported(onnx: Mapping[str, Artifact], test: Domain) -> Arrays:
    """Scores ``(n, c)`` by arm. What is judged is what is shipped: the exported models, not the networks."""
    from ntgate.export.runtime import scores_onnx

    return {name: scores_onnx(model.verified(), test.rows) for name, model in onnx.items()}


def of_champion(champion: ChampionSeen, test: Domain) -> tuple[Arrays, str | None]:
    """The champion's scores, or why there are none though there is a champion."""
    if champion.model is None:
        return {}, champion.unusable
    try:
        return {"champion": champion.score(test)}, champion.unusable
    except Exception as error:  # noqa: BLE001  a champion made elsewhere may fail in any way; the gate is told why
        return {}, str(error)


def of_replicates(replicated: Replicated, test: Domain) -> Arrays:
    """Scores ``(seeds, n, c)`` of the further seeds of both arms; a seed that failed in either has none in both."""
    scored = [
        [network_scores(arm.load(), arm.encoder, test) for arm in pair if arm.encoder is not None]
        for pair in zip(replicated.candidate, replicated.scratch, strict=True)
    ]
    whole = [pair for pair in scored if len(pair) == len(("candidate", "scratch"))]
    if not whole:
        return {}
    return {
        "candidate_seeds": np.stack([pair[0] for pair in whole]),
        "scratch_seeds": np.stack([pair[1] for pair in whole]),
    }


def of_folds(scores: Artifact | None) -> Arrays:
    """Scores of both arms on held-out folds: of the first division as their scores, and of all ``(repeats, n, c)``."""
    if scores is None:
        return {}
    with np.load(scores.verified(), allow_pickle=False) as kept:
        crossed = {name: kept[name] for name in ("candidate", "scratch", "fold")}
    return {
        "candidate": crossed["candidate"][0],
        "scratch": crossed["scratch"][0],
        "candidate_folds": crossed["candidate"],
        "scratch_folds": crossed["scratch"],
        "fold": crossed["fold"],
    }


def evidence(arrays: Arrays, **facts: Any) -> Evidence:
    """The evidence in the arrays of a run, with the ``facts`` that are no scores."""
    slices = {name.removeprefix(_SLICE): keys for name, keys in arrays.items() if name.startswith(_SLICE)}
    others: dict[str, Any] = {name: array for name, array in arrays.items() if not name.startswith(_SLICE)}
    return Evidence(**{"candidate": None, "scratch": None, **others}, slices=slices, **facts)
