"""The evidence: every arm's scores on the same test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.data.leakage import Leakage
from ntgate.gate.allowance import Allowance

Scores: TypeAlias = "npt.NDArray[np.floating]"
_CALLED = {"uncompressed": "uncompressed candidate", "constant": "constant guess"}
_LONGEST = 200  # characters of a name in the ledger


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the gate may look at.

    Attributes:
        y: labels of the test rows, int64 ``(n,)``.
        candidate: scores ``(n, c)`` of the frozen candidate; None when no arm could be trained.
        scratch: scores ``(n, c)`` of the baseline; None when it failed.
        learners: scores ``(n, c)`` of each single learner that scratch was made of, by name; none: it was made of one.
        champion: scores ``(n, c)`` of the current champion; None when there is none or it could not be scored.
        champion_version: its version; None when the registry holds no champion, which is a fact and no omission.
        champion_unusable: why a champion that exists has no scores.
        champion_itself: whether the candidate is that champion, byte for byte.
        champion_scratch: whether scratch is.
        champion_lost: what shows that there had been a champion, where the registry holds none; None: there never was one.
        first_allowed: whether somebody allowed a first promotion where a champion was lost.
        compressed: whether the candidate was compressed after it was chosen.
        uncompressed: scores ``(n, c)`` of the candidate as it was before.
        compression_failed: why the candidate could not be compressed though it was to be; it is then judged as it was trained.
        candidate_seeds: scores ``(k, n, c)`` of the candidate's strategy with ``k`` further seeds.
        scratch_seeds: scores ``(k, n, c)`` of scratch with the same seeds.
        slices: by what divides the test rows, the slice ``(n,)`` that each belongs to.
        slice_values: by what divides the test rows, every slice that has to be judged, also where no row at hand belongs to it.
        groups: group keys ``(n,)``; rows of one group are not independent. None: all rows are.
        constant: scores ``(n, c)`` of always answering the commonest class of the target's training rows; None: nobody said which.
        constant_class: that class's name.
        swapped_labels: what shows that labels are swapped between classes of the target, a sentence for each pair or ring of
            classes; None: nobody looked, or there were too few labelled rows.
        questions: what about columns and labels is doubtful and not said, a sentence each.
        answers: the lines of the config that would say it, as is likeliest.
        fold: folds ``(repeats, n)`` of a cross-fitting, in place of test rows; None: the rows are test rows.
        candidate_folds: scores ``(repeats, n, c)`` of the candidate's way of being made, on the fold held out.
        scratch_folds: scores ``(repeats, n, c)`` of scratch there.
        allowance: what the ledger of worn test rows granted; None when it was not asked.
        leakage: what the test rows share with the training rows; None when no training rows
            were given to compare them with.
    """

    y: npt.NDArray[np.int64]
    candidate: Scores | None
    scratch: Scores | None
    champion: Scores | None = None
    champion_version: str | None = None
    champion_unusable: str | None = None
    champion_itself: bool = False
    champion_scratch: bool = False
    champion_lost: str | None = None
    first_allowed: bool = False
    compressed: bool = False
    uncompressed: Scores | None = None
    compression_failed: str | None = None
    candidate_seeds: Scores | None = None
    scratch_seeds: Scores | None = None
    learners: Mapping[str, Scores] = field(default_factory=dict)
    slices: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    slice_values: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    groups: npt.NDArray[np.str_] | None = None
    constant: Scores | None = None
    constant_class: str | None = None
    swapped_labels: tuple[str, ...] | None = None
    questions: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    fold: npt.NDArray[np.int64] | None = None
    candidate_folds: Scores | None = None
    scratch_folds: Scores | None = None
    allowance: Allowance | None = None
    leakage: Leakage | None = None

    def take(self, rows: npt.NDArray[np.int64]) -> Evidence:
        """The same evidence on the test rows at ``rows`` alone."""
        by_row = ("y", "candidate", "scratch", "champion", "uncompressed", "constant", "groups")
        by_second = ("candidate_seeds", "scratch_seeds", "fold", "candidate_folds", "scratch_folds")
        taken = {name: getattr(self, name)[rows] for name in by_row if getattr(self, name) is not None}
        taken |= {name: getattr(self, name)[:, rows] for name in by_second if getattr(self, name) is not None}
        slices = {name: keys[rows] for name, keys in self.slices.items()}
        learners = {name: scores[rows] for name, scores in self.learners.items()}
        return replace(self, **taken, slices=slices, learners=learners, leakage=self.leakage and self.leakage.among(rows))

    def opponent(self, name: str) -> str:
        """What the ledger calls a model that a stream's candidate has bet against: another champion is another opponent."""
        if name == "constant":
            return f"constant guess {self.constant_class}"[:_LONGEST]
        return f"champion {self.champion_version}" if name == "champion" else name

    def problem(self, name: str) -> str | None:
        """Why the scores of an arm are no evidence, or None when they are."""
        scores, called = self._scores(name), _CALLED.get(name, name)
        if self.allowance is not None and self.allowance.closed:
            return "the test rows stayed closed"
        if scores is None:
            return f"there are no scores of the {called}"
        if scores.ndim != 2 or len(scores) != len(self.y):
            return f"the scores of the {called} have shape {scores.shape}, not one row for each of the {len(self.y)} test rows"
        bet_on = None if self.allowance is None else self.allowance.opponents
        if bet_on is not None and name != "candidate" and name not in self.learners and self.opponent(name) not in bet_on:
            return f"the candidate has not bet against the {called}, and there are no fresh test rows to do so"
        wrong = int((~np.isfinite(scores)).any(axis=1).sum())
        return f"the scores of the {called} are not finite on {wrong} test rows" if wrong else None

    def usable(self, name: str) -> Scores | None:
        """The scores of an arm, or None when they are no evidence."""
        return self._scores(name) if self.problem(name) is None else None

    def _scores(self, name: str) -> Scores | None:
        scores: Scores | None = self.learners[name] if name in self.learners else getattr(self, name)
        return scores
