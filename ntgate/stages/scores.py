"""The scores of every arm on the rows that the gate judges by, as arrays in one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.base import Artifact
from ntgate.config import RunConfig
from ntgate.data.domain import Domain
from ntgate.data.slices import slice_keys
from ntgate.errors import LostError, StoreError
from ntgate.gate.evidence import Evidence
from ntgate.stages.champion import ChampionSeen
from ntgate.stages.cross_fit import Fold
from ntgate.stages.ingest import Ingested
from ntgate.stages.progress_listener import Listener
from ntgate.stages.replicate import Replicated
from ntgate.stages.second_process import Crew
from ntgate.strategies.candidate import Candidate

Arrays: TypeAlias = "dict[str, npt.NDArray[Any]]"
# Before the name of what divides the rows, and of a learner of scratch, in the file of scores.
_SLICE, _VALUES, _LEARNER = "slice ", "values ", "learner "


def about_rows(config: RunConfig, test: Domain, rows: npt.NDArray[np.int64]) -> Arrays:
    """What is known of the test rows at ``rows``: labels, slices and groups; and all values that a slice has anywhere."""
    opened = test.take(rows)
    known: Arrays = {"y": opened.labels}
    for part in config.gate.slices:
        known[f"{_SLICE}{part.by}"] = slice_keys(opened, part.by)
        # A class that no test row has is a slice too: nothing is known about it.
        everywhere = test.classes if part.by == "class" else slice_keys(test, part.by)
        known[f"{_VALUES}{part.by}"] = np.unique(np.array(everywhere, dtype=np.str_))
    if opened.groups is not None:
        known["groups"] = opened.groups
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
    except (LostError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001  a champion made elsewhere may fail in any way; the gate is told why
        return {}, str(error)


def constant_guess(config: RunConfig, ingested: Ingested) -> npt.NDArray[np.float64]:
    """The scores ``(c,)`` of the best constant guess, from the target's rows that are trained on; of folds from all rows."""
    part = ingested.part("train" if config.gate.cross_fitting is None else ingested.judged)
    rows = np.bincount(part.labels, minlength=len(part.classes))
    return config.gate.metric.of_classes(part.classes).constant(rows / rows.sum())


def of_constant(guess: npt.NDArray[np.float64], test: Domain) -> Arrays:
    """The scores of a constant ``guess`` ``(c,)`` on every row."""
    return {"constant": np.tile(guess.astype(np.float32), (len(test), 1))}


@dataclass(frozen=True)
class OpenedRows:
    """The test rows that the ledger opened, as a value that another process can be sent.

    Attributes:
        ingested: of the run.
        positions: of the rows among those that the gate judges by.
    """

    ingested: Ingested
    positions: npt.NDArray[np.int64]

    def load(self) -> Domain:
        """The rows."""
        return self.ingested.part(self.ingested.judged).take(self.positions)


def of_further_arms(scratch: Candidate, replicated: Replicated, test: Domain, opened: OpenedRows, crew: Crew) -> Arrays:
    """Scores ``(n, c)`` of each learner that scratch was made of, and ``(seeds, n, c)`` of the further seeds of both arms.

    A seed that failed in either arm has no scores in both. A helper loads the rows by itself.
    """
    rows = opened if crew.employed else test
    pairs = zip(replicated.candidate, replicated.scratch, strict=True)
    whole = [pair for pair in pairs if all(arm.model is not None for arm in pair)]
    learners = [arm for arm in scratch.members if arm.failed is None]
    arms = [*(arm for pair in whole for arm in pair), *learners]
    scores = crew.done([partial(_of_arm, arm, rows) for arm in arms])
    of_pairs, of_learners = scores[: 2 * len(whole)], scores[2 * len(whole) :]
    seeds = {"candidate_seeds": np.stack(of_pairs[::2]), "scratch_seeds": np.stack(of_pairs[1::2])} if whole else {}
    return {**{f"{_LEARNER}{arm.strategy}": held for arm, held in zip(learners, of_learners, strict=True)}, **seeds}


def _of_arm(arm: Candidate, rows: OpenedRows | Domain, listener: Listener) -> npt.NDArray[np.float32]:  # noqa: ARG001
    return arm.load().scores((rows.load() if isinstance(rows, OpenedRows) else rows).rows)


def of_folds(folds: Sequence[Fold], whole: Domain, rows: npt.NDArray[np.int64]) -> Arrays:
    """Scores of both arms on the held-out ``rows``: of the first division as their scores, and of all ``(repeats, n, c)``.

    A row that is in no fold of a division has NaN there, which is no evidence.
    """
    repeats, n = 1 + max((fold.repeat for fold in folds), default=-1), len(whole)
    if not repeats:
        return {}
    scores = np.full((2, repeats, n, len(whole.classes)), np.nan, dtype=np.float32)
    held = np.full((repeats, n), -1, dtype=np.int64)
    for number, fold in enumerate(folds):
        index = np.array(fold.rows, dtype=np.int64)
        held[fold.repeat, index] = number
        for which, arm in enumerate((fold.candidate, fold.scratch)):
            scores[which, fold.repeat, index] = arm.load().scores(whole.take(index).rows)
    scores, held = scores[:, :, rows], held[:, rows]
    return {
        **_learners_of_folds(folds, whole, rows),
        "candidate": scores[0, 0],
        "scratch": scores[1, 0],
        "candidate_folds": scores[0],
        "scratch_folds": scores[1],
        "fold": held - held.min(axis=1, keepdims=True),
    }


def _learners_of_folds(folds: Sequence[Fold], whole: Domain, rows: npt.NDArray[np.int64]) -> Arrays:
    """Scores of each of scratch's learners in the first division."""
    names = {arm.strategy for fold in folds for arm in fold.scratch.members if arm.failed is None}
    scores = {name: np.full((len(whole), len(whole.classes)), np.nan, dtype=np.float32) for name in names}
    for fold in folds:
        index = np.array(fold.rows, dtype=np.int64)
        for arm in fold.scratch.members if fold.repeat == 0 else ():
            if arm.failed is None:
                scores[arm.strategy][index] = arm.load().scores(whole.take(index).rows)
    return {f"{_LEARNER}{name}": held[rows] for name, held in scores.items() if np.isfinite(held).all()}


def evidence(arrays: Arrays, **facts: Any) -> Evidence:
    """The evidence in the arrays of a run, with the ``facts`` that are no scores."""
    slices = {name.removeprefix(_SLICE): keys for name, keys in arrays.items() if name.startswith(_SLICE)}
    values = {name.removeprefix(_VALUES): keys for name, keys in arrays.items() if name.startswith(_VALUES)}
    learners = {name.removeprefix(_LEARNER): held for name, held in arrays.items() if name.startswith(_LEARNER)}
    named = (_SLICE, _VALUES, _LEARNER)
    others: dict[str, Any] = {name: array for name, array in arrays.items() if not name.startswith(named)}
    return Evidence(
        **{"candidate": None, "scratch": None, **others}, learners=learners, slices=slices, slice_values=values, **facts
    )
