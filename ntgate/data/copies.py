"""Copies: training rows that are test rows are taken out of the training side, and counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ntgate.base import Frozen
from ntgate.data.domain import Domain, Ints
from ntgate.data.fingerprint import record_keys, row_fingerprints
from ntgate.data.labels import rows
from ntgate.data.repeats import first_of_each
from ntgate.errors import DataError

MOST = 0.2  # of a part, or of the test rows
_SPLIT_OFF = ("train", "validation")


class Copies(Frozen):
    """Rows that stand more than once, and what became of them.

    Attributes:
        taken: copies of test rows that were taken out, by training part.
        tested: number of test rows that had such copies.
        repeated: test rows that repeat another one, and are not scored.
        drawn: whether equal rows count as independent draws instead (:mod:`ntgate.data.repeats`).
        written_again: rows that were left out because their whole file stands in itself more than once, by file.
    """

    taken: dict[str, int] = {}
    tested: int = 0
    repeated: int = 0
    drawn: bool = False
    written_again: dict[str, int] = {}

    @property
    def sentences(self) -> tuple[str, ...]:
        """What was found, for people; nothing where there was nothing."""
        found = []
        if self.drawn:
            found.append("Equal rows are draws of a discrete table and not copies: every test row counts.")
        if self.tested:
            parts = ", ".join(f"{count} {part}" for part, count in self.taken.items() if count)
            are = "row is a copy" if sum(self.taken.values()) == 1 else "rows are copies"
            was = "was" if sum(self.taken.values()) == 1 else "were"
            found.append(f"{parts} {are} of {self.tested} test row{'' if self.tested == 1 else 's'} and {was} taken out.")
        if self.repeated:
            repeat = "row repeats another and is" if self.repeated == 1 else "rows repeat others and are"
            found.append(f"{self.repeated} test {repeat} not counted again.")
        found += [
            f"The {name} file stands in itself more than once: {count} rows were left out."
            for name, count in self.written_again.items()
        ]
        return tuple(found)


def without_copies(
    domains: Mapping[str, Domain], written_again: Mapping[str, int] | None = None, *, one_file: bool = True
) -> tuple[dict[str, Domain], Copies]:
    """The domains without the training rows that are copies of test rows, and how many these were.

    Args:
        domains: the parts by name, ``test`` or ``cross_fitted`` among them.
        written_again: rows that were left out before, by file.
        one_file: whether the test rows are a random part of the target's file.

    Raises:
        DataError: where more than 20 % of a part, or of the test rows, are copies, or a part is left without rows or without
            rows of a class.

    >>> test = Domain("test", np.arange(10, dtype=np.float32)[:, None], np.arange(10) % 2, ("a", "b"))
    >>> source = Domain("source", np.arange(9, 100, dtype=np.float32)[:, None], np.arange(91) % 2, ("a", "b"))
    >>> left, found = without_copies({"source": source, "test": test})
    >>> len(left["source"]), found.taken
    (90, {'source': 1})
    """
    judged = "cross_fitted" if "cross_fitted" in domains else "test"
    test, kept, taken = domains[judged], dict(domains), {}
    held: set[bytes] = set()
    training = ("source", "unlabelled") if judged == "cross_fitted" else tuple(name for name in domains if name != judged)
    for name in training:
        if name not in domains or not _copied(domains[name], test, one_file=one_file):
            continue
        kept[name], copied = _taken_out(domains[name], test)
        taken[name] = len(domains[name]) - len(kept[name])
        held |= copied
    again = len(test) - len(first_of_each(test))
    tested = int(np.isin(row_fingerprints(test), np.array(sorted(held), "S32")).sum()) if held else 0
    if tested > MOST * len(test):
        raise DataError(
            f"{', '.join(name for name, count in taken.items() if count)} and {judged}",
            expected=f"at most {100 * MOST:g} % of the {judged} rows among them",
            got=f"{tested} of {len(test)} {judged} rows",
            fix=_FIX,
        )
    return kept, Copies(
        taken={name: count for name, count in taken.items() if count},
        tested=tested,
        repeated=again,
        drawn=test.drawn or test.ids is not None,
        written_again=dict(written_again or {}),
    )


_FIX = "test on rows that no training row repeats; if equal rows are different records, name the column that tells them apart as id"


def _taken_out(part: Domain, test: Domain) -> tuple[Domain, set[bytes]]:
    """A part without the copies of test rows, and the fingerprints of these."""
    own, of_test = row_fingerprints(part), row_fingerprints(test)
    same = (own, of_test) if part.ids is None or test.ids is None else (record_keys(part), record_keys(test))
    copies = np.isin(same[0], same[1])
    if not copies.any():
        return part, set()
    left = part.take(np.flatnonzero(~copies))
    numbers = part.numbers[copies]
    subject = f"{part.name} and {test.name}"
    if copies.sum() > MOST * len(part):
        raise DataError(
            subject,
            expected=f"at most {100 * MOST:g} % of the {part.name} rows among the {test.name} rows",
            got=f"{len(numbers)} of {len(part)}: {part.name} {rows(numbers)}",
            fix=_FIX,
        )
    lost = [] if part.y is None else _lost(part, left)
    if lost or not len(left):
        what = f"rows of class {', '.join(map(repr, lost[:5]))}" if lost else "rows"
        raise DataError(
            subject,
            expected=f"{part.name} {what} that are no copies of {test.name} rows",
            got=f"none: {part.name} {rows(numbers)} are copies",
            fix=_FIX,
        )
    return left, set(own[copies].tolist())


def _lost(part: Domain, left: Domain) -> Sequence[str]:
    before, after = (np.bincount(domain.labels, minlength=len(part.classes)) for domain in (part, left))
    return [part.classes[code] for code in np.flatnonzero((before > 0) & (after == 0))] if part.name != "validation" else []


def _copied(part: Domain, test: Domain, *, one_file: bool) -> bool:
    """Whether rows of a part that equal test rows are copies of them.

    Where equal rows of the target are draws, two independent samples share them as well: by the inequality of Cauchy and Schwarz
    two rows, one of each, are equal at most as often as the geometric mean of how often two rows within each are.
    """
    if not test.drawn:
        return True
    if one_file and part.name in _SPLIT_OFF:
        return False
    own, of_test = (np.unique(row_fingerprints(one), return_counts=True) for one in (part, test))
    shared = np.intersect1d(own[0], of_test[0], return_indices=True)
    across = int((own[1][shared[1]] * of_test[1][shared[2]]).sum())
    within = [_equal_pairs(counts) for _, counts in (own, of_test)]
    most = math.sqrt(within[0] * within[1]) * len(part) * len(test)
    return across > 2 * most + 3 * math.sqrt(most)


def _equal_pairs(counts: Ints) -> float:
    """Share of the pairs of rows that are equal."""
    n = int(counts.sum())
    return float((counts * (counts - 1)).sum()) / (n * (n - 1)) if n > 1 else 0.0
