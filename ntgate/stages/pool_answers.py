"""What every model says of the rows of a pool, and on which of them they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.gate.asked import Asked
from ntgate.gate.verdict_on_labels import OPPONENTS
from ntgate.stages.frozen_run import FrozenRun
from ntgate.stages.pool import Pool

if TYPE_CHECKING:
    from ntgate.data.domain import Domain

_LEARNER = "learner "

Codes = npt.NDArray[np.int64]


class PoolAnswers:
    """What every model says of the pool's rows, and where a label can matter.

    That is where the candidate differs from any opponent, or a seed's candidate from its scratch; nowhere, if candidate and scratch
    themselves never differ: whatever the labels are, the one is then no better than the other.

    >>> alike, other = np.array([0, 1, 1]), np.array([0, 0, 1])
    >>> PoolAnswers(alike, {"scratch": other, "learner forest": 1 - alike}, [], {}).differ.tolist()
    [True, True, True]
    >>> PoolAnswers(alike, {"scratch": alike, "learner forest": other}, [], {}).differ.tolist()
    [False, False, False]
    """

    def __init__(self, candidate: Codes, opponents: dict[str, Codes], seeds: list[tuple[Codes, Codes]], keys: dict[str, Any]):
        self.candidate, self.opponents, self.seeds, self.keys = candidate, opponents, seeds, keys
        pairs = [(candidate, other) for other in opponents.values()] + seeds
        differ = np.any([first != second for first, second in pairs], axis=0)
        self.differ = differ & (candidate != opponents["scratch"]).any()

    @classmethod
    def of(cls, run: FrozenRun, pool: Domain, rules: Sequence[str]) -> PoolAnswers:
        """Score the pool's rows with the candidate and with whatever ``rules`` compare it with."""
        from ntgate.data.slices import slice_keys
        from ntgate.export.runtime import scores_onnx

        history, evaluated = run.history, run.history.evaluated
        names = ["candidate", *(OPPONENTS[rule][0] for rule in rules if rule in OPPONENTS)]
        parts = [rule.removeprefix("slice ") for rule in rules if rule.startswith("slice ")]
        names += ["champion"] if parts and history.champion.model is not None else []
        said: dict[str, Codes] = {}
        for name in dict.fromkeys(names):
            if name == "champion":
                scores = history.champion.score(pool)
            elif name == "constant":
                code = pool.classes.index(str(evaluated.constant_class))
                said[name] = np.full(len(pool), code, np.int64)
                continue
            else:
                scores = scores_onnx(evaluated.onnx[name].verified(), pool.rows)
            said[name] = scores.argmax(axis=1).astype(np.int64)
        if "target_learners" in rules:
            for arm in evaluated.scratch.members:
                if arm.failed is None:
                    said[f"{_LEARNER}{arm.strategy}"] = _codes(arm.load().scores(pool.rows))
        seeds = []
        if "seeds" in rules:
            for pair in zip(history.replicated.candidate, history.replicated.scratch, strict=True):
                if all(arm.model is not None for arm in pair):
                    first, second = (_codes(arm.load().scores(pool.rows)) for arm in pair)
                    seeds.append((first, second))
        candidate = said.pop("candidate")
        return cls(candidate, said, seeds, {part: slice_keys(pool, part) for part in parts if part != "class"})

    def asked(
        self,
        run: FrozenRun,
        pool: Pool,
        chosen: Codes,
        *,
        comparison: str,
        pool_print: str,
        rules: tuple[str, ...],
        label: str,
        alpha: float,
        first: int,
    ) -> Asked:
        """What is asked for, with the answers on the rows ``chosen``; no labeller sees them."""
        labels, keys = run.config.gate.labels, pool.keys.keys[pool.index[chosen], 0]
        counts = _of_test_rows(run) if "slice class" in rules else np.zeros(0, np.int64)
        return Asked(
            id=comparison,
            decision_id=run.history.decided.decision_id,
            pool=pool_print,
            rows=len(pool.index),
            differ=int(self.differ.sum()),
            disagree={name: int((self.candidate != codes).sum()) for name, codes in self.opponents.items()},
            left_out=pool.left_out,
            ids=tuple(key.decode()[:16] for key in keys),
            keys=tuple(key.decode() for key in keys),
            candidate=tuple(self.candidate[chosen].tolist()),
            opponents={name: tuple(codes[chosen].tolist()) for name, codes in self.opponents.items()},
            seeds=tuple((tuple(a[chosen].tolist()), tuple(b[chosen].tolist())) for a, b in self.seeds),
            slices={part: tuple(keys[chosen].tolist()) for part, keys in self.keys.items()},
            slice_shares={part: self._shares(keys) for part, keys in self.keys.items()},
            classes=run.history.ingested.target_classes,
            class_counts=tuple(counts.tolist()),
            class_rows=int(counts.sum()),
            label=label,
            by_labels=rules,
            policy=labels.policy,
            looks=labels.declared,
            first=first,
            alpha=alpha,
        )

    def _shares(self, keys: npt.NDArray[np.str_]) -> dict[str, tuple[int, int]]:
        return {str(value): (int((self.differ & (keys == value)).sum()), int((keys == value).sum())) for value in np.unique(keys)}


def _of_test_rows(run: FrozenRun) -> Codes:
    """How many of the test rows that the run has opened belong to each class."""
    with np.load(run.history.evaluated.scores.verified(), allow_pickle=False) as kept:
        return np.bincount(kept["y"], minlength=len(run.history.ingested.target_classes)).astype(np.int64)


def _codes(scores: npt.NDArray[Any]) -> Codes:
    return np.asarray(scores.argmax(axis=1), np.int64)
