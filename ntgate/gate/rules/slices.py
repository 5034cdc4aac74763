"""Rule: on no slice of the test rows is the candidate worse than scratch, or than the champion.

A gain on average can hide a loss for some. Each slice is one more part of the intersection-union test, so the level of the gate
does not suffer from their number; its power does.
"""

from __future__ import annotations

import numpy as np

from ntgate.gate.comparison import Case, compare
from ntgate.gate.config import Slice
from ntgate.gate.evidence import Evidence
from ntgate.gate.finding import Finding
from ntgate.gate.rules.negative_transfer import spent
from ntgate.gate.rules.non_inferiority import not_worse
from ntgate.metrics.accuracy import Accuracy


def slices(case: Case) -> tuple[Finding, ...]:
    """One finding for each slice and each model that the candidate is compared with.

    What is compared is the accuracy whatever the gate's metric is, since a slice may hold a single class.
    """
    evidence = case.evidence
    others = ["scratch"] if evidence.champion_version is None else ["scratch", "champion"]
    return tuple(
        _on(case, part, value, other) for part in case.config.slices for value in _values(evidence, part.by) for other in others
    )


def _values(evidence: Evidence, by: str) -> list[str | None]:
    known = [kept[by] for kept in (evidence.slices, evidence.slice_values) if by in kept]
    return np.unique(np.concatenate(known)).tolist() if known else [None]


def _on(case: Case, part: Slice, value: str | None, other: str) -> Finding:
    name, bound = f"slice {part.by}={value}, against {other}", -part.margin
    if value is None:
        return Finding(rule=f"slice {part.by}", outcome="inconclusive", bound=bound, reason="No test row has a slice.")
    evidence = case.evidence
    first, second = evidence.usable("candidate"), evidence.usable(other)
    if first is None or second is None:
        problem = evidence.problem("candidate") or evidence.problem(other)
        return Finding(rule=name, outcome="inconclusive", bound=bound, reason=f"Nothing to compare: {problem}.")
    rows = np.flatnonzero(evidence.slices[part.by] == value)
    if len(rows) < part.min_rows:
        return Finding(
            rule=name,
            outcome="inconclusive",
            measured=len(rows),
            bound=part.min_rows,
            reason=f"{len(rows)} test rows are too few for a verdict on this slice: label at least "
            + (f"{part.min_rows} fresh ones." if spent(case.config) else f"{part.min_rows - len(rows)} more."),
        )
    accuracy = case.config.model_copy(update={"metric": Accuracy()})
    groups = None if evidence.groups is None else evidence.groups[rows]
    found = compare(evidence.y[rows], first[rows], second[rows], accuracy, margin=bound, seed=case.seed, groups=groups)
    text = (
        f"On the {len(rows)} test rows of {part.by} {value} the accuracy is {found.first:.3f} and that of {other} is "
        f"{found.second:.3f}: {found.gain:+.3f}, interval [{found.interval[0]:+.3f}, {found.interval[1]:+.3f}]."
    )
    return not_worse(name, found, text, margin=part.margin, alpha=case.config.alpha)
