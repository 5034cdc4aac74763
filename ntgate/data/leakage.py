"""Leakage: what the test rows share with what training may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from ntgate.base import Frozen
from ntgate.data.copies import Copies
from ntgate.data.domain import Domain, Ints
from ntgate.data.labels import rows
from ntgate.data.near_duplicates import Closest, near_duplicates
from ntgate.data.overlap import refuse_earlier_tests, refuse_shared_groups
from ntgate.errors import DataError

_EXAMPLES = 10


class NearDuplicate(Frozen):
    """A test row and the training row that is nearly the same.

    Attributes:
        test_row: its number in its file, counted from 0.
        part: ``source``, ``train``, ``validation`` or ``unlabelled``.
        row: number of the training row in its file.
        ratio: their distance as a share of the distance to the fifth neighbour among the test rows.
    """

    test_row: int
    part: str
    row: int
    ratio: float


class Leakage(Frozen):
    """What was looked for and found; shared groups and early tests are refused and so never stand here.

    Attributes:
        test_rows: number of test rows.
        positions: positions in the test rows of those with a near duplicate among the training rows, ascending.
        near: number of test rows with a near duplicate, by training part.
        examples: the closest pairs.
        radius: the ratio up to which a pair counted; None when near duplicates were not looked for.
        off: whether the config said not to look for them; otherwise there were too few test rows.
        groups: the parts whose groups were compared with those of the test rows.
        times: the parts whose times were.
        copies: rows that stand more than once, and what became of them.
    """

    test_rows: int
    positions: tuple[int, ...] = ()
    near: dict[str, int] = {}
    examples: tuple[NearDuplicate, ...] = ()
    radius: float | None = None
    off: bool = False
    groups: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    copies: Copies = Copies()

    def among(self, positions: Ints) -> Leakage:
        """The same about the test rows at ``positions`` alone."""
        if len(positions) == self.test_rows:
            return self
        kept = np.flatnonzero(np.isin(positions, self.positions)).tolist()
        return self.model_copy(update={"test_rows": len(positions), "positions": tuple(kept), "near": {}, "examples": ()})

    @property
    def share(self) -> float:
        """Share of the test rows that have a near duplicate."""
        return len(self.positions) / self.test_rows if self.test_rows else 0.0

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        return " ".join([*self.copies.sentences, self._near])

    @property
    def _near(self) -> str:
        if self.radius is None:
            why = "data.near_duplicates is off" if self.off else f"{self.test_rows} test rows are too few to tell near from far"
            return f"Near duplicates were not looked for: {why}."
        if not self.positions:
            return f"None of the {self.test_rows} test rows has a near duplicate among the training rows."
        text = f"{len(self.positions)} of {self.test_rows} test rows have a near duplicate among the training rows"
        if not self.examples:
            return f"{text}."
        by_part = ", ".join(f"{count} in {part}" for part, count in self.near.items() if count)
        nearest = self.examples[0]
        return f"{text} ({by_part}), such as test row {nearest.test_row} and {nearest.part} row {nearest.row}."


def find_leakage(
    domains: Mapping[str, Domain], near: Literal["report", "refuse", "off"], seed: int = 0, copies: Copies | None = None
) -> Leakage:
    """Compare the test rows with every other part, from which their copies were taken out.

    Args:
        domains: the parts by name, ``test`` among them.
        near: what becomes of near duplicates.
        seed: of the reference rows and projections.
        copies: what became of the copies of test rows.

    Raises:
        DataError: on groups in both, on test rows that are not later than the target's training rows, and on
            near duplicates where they are to be refused.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> parts = {name: Domain(name, rng.normal(size=(50, 20)).astype(np.float32), None) for name in ("source", "train", "test")}
    >>> find_leakage(parts, "report").sentence
    'None of the 50 test rows has a near duplicate among the training rows.'
    """
    test = domains["test"]
    training = {name: domain for name, domain in domains.items() if name != "test"}
    # The source keeps its own clock, and unlabelled rows may well be the latest of all.
    ordered = {name: domain for name, domain in training.items() if name in ("train", "validation")}
    for domain in training.values():
        refuse_shared_groups(domain, test)
    for domain in ordered.values():
        refuse_earlier_tests(domain, test)
    found, radius = ({}, None) if near == "off" else near_duplicates(training, test, seed)
    positions = sorted(set().union(*[pairs.test.tolist() for pairs in found.values()]))
    leakage = Leakage(
        test_rows=len(test),
        positions=tuple(positions),
        near={name: len(pairs.test) for name, pairs in found.items()},
        examples=_examples(found, training, test),
        radius=radius,
        off=near == "off",
        groups=() if test.groups is None else tuple(n for n, domain in training.items() if domain.groups is not None),
        copies=copies or Copies(),
        times=() if test.times is None else tuple(n for n, domain in ordered.items() if domain.times is not None),
    )
    if near == "refuse" and positions:
        raise DataError(
            "test",
            expected="no row that is nearly a training row",
            got=f"{len(positions)}, {rows(test.numbers[positions])}. {leakage.sentence.rstrip('.')}",
            fix="remove them from one side, or set data.near_duplicates to report",
        )
    return leakage


def _examples(found: Mapping[str, Closest], training: Mapping[str, Domain], test: Domain) -> tuple[NearDuplicate, ...]:
    pairs = [
        NearDuplicate(test_row=int(test.numbers[at]), part=part, row=int(training[part].numbers[row]), ratio=float(ratio))
        for part, closest in found.items()
        for at, row, ratio in zip(closest.test, closest.training, closest.ratio, strict=True)
    ]
    return tuple(sorted(pairs, key=lambda pair: pair.ratio)[:_EXAMPLES])
