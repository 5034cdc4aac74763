"""The verdict from labels: the rules that they decide, beside those that the run's own test rows have decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from ntgate.gate.asked import Asked, OnLabels, State
from ntgate.gate.class_share import FOR_THE_SHARE, least_share
from ntgate.gate.config import GateConfig, Slice
from ntgate.gate.finding import Finding
from ntgate.gate.on_labels import Answered, Signs

Verdict = Literal["promoted", "rejected", "inconclusive"]

_LEARNER = "learner "
# By rule, the opponent and the setting that holds the loss that is tolerated; None: the candidate has to be better.
OPPONENTS: Mapping[str, tuple[str, str | None]] = {
    "negative_transfer": ("scratch", None),
    "constant_guess": ("constant", None),
    "champion": ("champion", "champion_margin"),
    "compression": ("uncompressed", "compression_margin"),
}
_CALLED = {
    "scratch": "scratch",
    "constant": "the constant guess",
    "champion": "the champion",
    "uncompressed": "itself before compression",
}


@dataclass(frozen=True, eq=False)
class Labelled:
    """The labels so far of what was asked for.

    Attributes:
        asked: the rows, in their order.
        y: codes of the labels ``(k,)`` of the first ``k`` of them; -1 for a row of none of the classes.
        config: of the gate.
        waiting: labels of rows behind the first that has none.
    """

    asked: Asked
    y: npt.NDArray[np.int64]
    config: GateConfig
    waiting: int = 0

    @cached_property
    def over_scratch(self) -> Answered:
        """The candidate against scratch, at the margin."""
        return self.over("scratch", self.config.margin)

    def over(self, opponent: str, margin: float, alpha: float | None = None) -> Answered:
        """The candidate against any opponent, at the level that was granted or another."""
        return self._answered(self.signs(self.asked.candidate, self.asked.opponents[opponent]), margin, alpha or self.asked.alpha)

    def on_slice(self, by: str, value: str, opponent: str, margin: float) -> Answered:
        """The same on the rows of one slice."""
        asked = self.asked
        inside = np.array(asked.slices[by]) == value
        signs = self.signs(asked.candidate, asked.opponents[opponent])[inside[: len(self.y)]]
        within = np.concatenate([[0], np.cumsum(inside)])
        positions = tuple(sorted({int(within[n]) for n in self.positions} - {0}))
        spent = (asked.alpha,) if asked.looks == 1 and positions else None
        return Answered(signs, int(inside.sum()), asked.slice_shares[by][value], positions, spent, asked.alpha, margin)

    def on_class(self, code: int, opponent: str, tolerated: float) -> Answered:
        """The same on the rows of one class, which is known of labelled rows alone.

        A loss of ``tolerated`` on its rows is one of that times its share on all rows, where rows of other classes count zero. The
        share is put to its lower bound (see :mod:`ntgate.gate.class_share`), at a tenth of the level; the labels have the rest.
        """
        asked, rest = self.asked, (1 - FOR_THE_SHARE) * self.asked.alpha
        signs = self.signs(asked.candidate, asked.opponents[opponent]) * (self.y == code)
        share = least_share(asked.class_counts[code], asked.class_rows, FOR_THE_SHARE * asked.alpha)
        return self._answered(signs, -tolerated * share, rest)

    def signs(self, first: tuple[int, ...], second: tuple[int, ...]) -> Signs:
        """1 for each labelled row that the first gets right alone, -1 where the second does, else 0 ``(k,)``."""
        k = len(self.y)
        right = [(np.array(codes[:k], np.int64) == self.y).astype(np.int64) for codes in (first, second)]
        return np.asarray(right[0] - right[1])

    @cached_property
    def positions(self) -> tuple[int, ...]:
        """After how many labels the verdict is looked for."""
        return self.asked.positions

    def _answered(self, signs: Signs, margin: float, alpha: float) -> Answered:
        asked = self.asked
        return Answered(signs, len(asked.ids), (asked.differ, asked.rows), self.positions, asked.spent(alpha), alpha, margin)

    def basis(self, outcome: Verdict) -> OnLabels:
        """What a verdict rests on, and what to do next: labelling goes on while any rule that labels decide is open."""
        asked, found = self.asked, self.over_scratch
        gained, tied, lost = found.counts
        n, k = len(asked.ids), len(self.y)
        state: State = "enough" if outcome != "inconclusive" else "used_up" if k == n else "go_on"
        if state == "go_on" and k and found.stop[1] == "inconclusive" and found.hopeless:
            state = "vain"
        return OnLabels(
            pool=asked.rows,
            differ=asked.differ,
            asked=n,
            labelled=k,
            used=found.stop[0],
            gained=gained,
            tied=tied,
            lost=lost,
            state=state,
            next_look=next((at for at in self.positions if at > k), None) if state == "go_on" else None,
            more=state == "used_up" and asked.looks is None and n < asked.differ,
            waiting=self.waiting,
            gap=asked.ids[k] if self.waiting else None,
        )


def findings_on_labels(before: tuple[Finding, ...], labelled: Labelled) -> tuple[Finding, ...]:
    """Every rule's answer: from the labels where they decide it, else as the run's test rows have answered it."""
    asked = labelled.asked
    found: list[Finding] = []
    done: set[str] = set()
    for finding in before:
        rule = finding.rule
        part = rule.removeprefix("slice ").partition("=")[0] if rule.startswith("slice ") else None
        key = rule if part is None else f"slice {part}"
        if rule == "wear":
            found.append(_wear(asked))
        elif rule == "test_rows":
            found.append(_rows(labelled))
        elif rule == "leakage":
            reason = "Rows of the pool that stand, or nearly stand, among the run's rows were left out."
            found.append(Finding(rule=rule, outcome="pass", measured=0.0, reason=reason))
        elif key not in asked.by_labels:
            kept = rule in ("labels", "reading") or finding.outcome != "pass"
            said = finding.reason if kept else f"{finding.reason} (By the run's own test rows.)"
            found.append(finding.model_copy(update={"reason": said}))
        elif key not in done:
            done.add(key)
            found += _slices(labelled, part) if part is not None else [_alarmed(_by_labels(rule, labelled), finding)]
    return tuple(found)


def _alarmed(found: Finding, before: Finding) -> Finding:
    """With the alarm of the run's test rows, which stays true."""
    if before.alarm is None:
        return found
    return found.model_copy(update={"reason": f"{found.reason} {before.alarm}", "warning": True, "alarm": before.alarm})


def _wear(asked: Asked) -> Finding:
    n = len(asked.ids)
    reason = f"These {n:,} rows were fresh, and were opened for this candidate alone: they are tested at {asked.alpha:g}."
    if not asked.entries:
        reason = f"Use of these {n:,} rows is not accounted for (gate.ledger.policy: none)."
    return Finding(rule="wear", outcome="pass", measured=asked.alpha, bound=0.0, reason=reason, warning=not asked.entries)


def _rows(labelled: Labelled) -> Finding:
    asked, least = labelled.asked, labelled.config.min_test_rows
    enough = asked.rows >= least
    reason = f"A pool of {asked.rows:,} rows, {len(labelled.y):,} of them labelled."
    if not enough:
        reason += f" It is too small for a verdict: at least {least} rows."
    return Finding(rule="test_rows", outcome="pass" if enough else "inconclusive", measured=asked.rows, bound=least, reason=reason)


def _by_labels(rule: str, labelled: Labelled) -> Finding:
    if rule == "seeds":
        return _seeds(labelled)
    if rule == "target_learners":
        return _learners(labelled)
    opponent, tolerated = OPPONENTS[rule]
    margin = -float(getattr(labelled.config, tolerated)) if tolerated else 0.0
    margin = labelled.config.margin if rule == "negative_transfer" else margin
    return _answer(rule, labelled.over(opponent, margin), _CALLED[opponent], margin)


def _answer(rule: str, found: Answered, called: str, margin: float) -> Finding:
    (gained, tied, lost), outcome = found.counts, found.stop[1]
    (low, high), (held, n) = found.interval, found.share
    text = f"Against {called}, labels of {held:,} of {n:,} pool rows can matter. "
    if found.gain is not None:
        text += (
            f"Of {found.stop[0]:,} the candidate alone gets {gained} right, the other alone {lost}, both or neither {tied}: gain "
            f"{found.gain:+.3f} on the pool, interval [{low:+.3f}, {high:+.3f}], p = {found.p_value:.3g}. "
        )
    better = "better" if margin >= 0 else "not worse"
    verdict = {
        "pass": f"It is {better}.",
        "fail": f"It is shown not to be {better}." if margin >= 0 else "It is worse.",
        "inconclusive": f"It is not shown to be {better}."
        if margin >= 0
        else f"A loss of more than {-margin:.2g} is not ruled out.",
    }[outcome]
    return Finding(rule=rule, outcome=outcome, measured=low, bound=margin, reason=text + verdict)


def _learners(labelled: Labelled) -> Finding:
    better, unsure, told, level = [], [], [], labelled.config.learner_alpha
    for name in labelled.asked.opponents:
        if name.startswith(_LEARNER):
            called = name.removeprefix(_LEARNER).replace("_", " ")
            told.append(called)
            better += [called] if labelled.over(name, 0.0).stop[1] == "fail" else []
            unsure += [called] if level is not None and labelled.over(name, 0.0, level).stop[1] != "pass" else []
    if better:
        verdict = f"{better[0]} is shown to be better: the source is not worth its use."
    elif unsure:
        verdict = f"It is not shown to be better than the {unsure[0]}, at level {level:g}."
    else:
        verdict = "None is shown to be better." if level is None else "It is better than each of these."
    return Finding(
        rule="target_learners",
        outcome="fail" if better else "inconclusive" if unsure else "pass",
        bound=0.0,
        reason=f"Of the target alone: {', '.join(told) or 'one learner'}. {verdict}",
    )


def _seeds(labelled: Labelled) -> Finding:
    """The mean over the seeds as a point: a veto, and no test."""
    asked, margin = labelled.asked, labelled.config.margin
    pairs = [(asked.candidate, asked.opponents["scratch"]), *asked.seeds]
    if len(pairs) < labelled.config.seeds or not len(labelled.y):
        wanted = labelled.config.seeds
        reason = f"{len(pairs)} of {wanted} seeds were trained in both arms, and {len(labelled.y)} rows are labelled."
        return Finding(rule="seeds", outcome="inconclusive", measured=len(pairs), bound=wanted, reason=reason)
    gains = [labelled.over_scratch.u * float(labelled.signs(*pair).mean()) for pair in pairs]
    mean = float(np.mean(gains))
    verdict = "do not contradict" if mean > margin else "contradict"
    return Finding(
        rule="seeds",
        outcome="pass" if mean > margin else "inconclusive",
        measured=mean,
        bound=margin,
        reason=f"Over {len(pairs)} seeds an arm the mean gain on the pool is {mean:+.3f}; by seed "
        f"{', '.join(f'{gain:+.3f}' for gain in gains)}. Further seeds {verdict} the gain.",
    )


def _slices(labelled: Labelled, by: str) -> list[Finding]:
    part = next(one for one in labelled.config.slices if one.by == by)
    if by == "class":
        return _classes(labelled, part)
    others = [name for name in ("scratch", "champion") if name in labelled.asked.opponents]
    return [
        _answer(
            f"slice {by}={value}, against {other}",
            labelled.on_slice(by, value, other, -part.margin),
            f"{other} on {by} {value}",
            -part.margin,
        )
        for value in labelled.asked.slice_shares[by]
        for other in others
    ]


def _classes(labelled: Labelled, part: Slice) -> list[Finding]:
    """One finding for each class and each model that the candidate is compared with."""
    asked, found = labelled.asked, []
    for code, name in enumerate(asked.classes):
        share = least_share(asked.class_counts[code], asked.class_rows, FOR_THE_SHARE * asked.alpha)
        held = f"By the run's own test rows at least {100 * share:.2g} % of the rows are of this class. "
        for other in (one for one in ("scratch", "champion") if one in asked.opponents):
            rule = f"slice class={name}, against {other}"
            if share * asked.rows < part.min_rows:
                reason = f"{held}Of {asked.rows:,} rows of the pool these are too few for a verdict on this slice: {part.min_rows}."
                found.append(Finding(rule=rule, outcome="inconclusive", bound=-part.margin, reason=reason))
                continue
            answer = labelled.on_class(code, other, part.margin)
            told = _answer(rule, answer, f"{other} on class {name}, where other classes count zero", answer.margin)
            as_much = f" On all rows that is a loss of {part.margin:g} on this class."
            reason = f"{held}{told.reason}{as_much if told.outcome == 'inconclusive' else ''}"
            found.append(told.model_copy(update={"reason": reason}))
    return found
