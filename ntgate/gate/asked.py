"""What was asked for: rows of a pool in a fixed order, and what every model says of them; labellers never see it."""

from __future__ import annotations

from typing import Literal

from ntgate.base import Frozen
from ntgate.evaluation.sign_test import look_positions, positions_of_all, spent_as_they_come, spent_by
from ntgate.gate.labels_config import LabelPolicy

Codes = tuple[int, ...]
Share = tuple[int, int]
State = Literal["enough", "vain", "go_on", "used_up"]


class Asked(Frozen):
    """The rows whose labels were asked for after a run, fixed before any of them is known.

    Attributes:
        id: of the comparison, in the ledger.
        decision_id: of the run.
        pool: fingerprint of the pool's file.
        rows: of the pool that count.
        differ: of them, rows on which the candidate differs from an opponent that has to be judged; the others count zero.
        disagree: the same by opponent.
        left_out: rows of the pool that do not count, by the reason.
        ids: of the rows that were asked for, in their order.
        keys: by which the ledger knows them.
        candidate: the class that the candidate says, a code a row; ``opponents``: each of them by name; ``seeds``: further seeds of
            candidate and scratch.
        slices: by column, the slice of each row that was asked for; ``slice_shares``: rows that differ of all, by slice.
        classes: their names; ``class_counts``: how many of ``class_rows`` of the run's own test rows belong to each; none: no class
            is a slice that labels decide.
        label: the column that takes the labels.
        by_labels: rules that the labels decide; all others were decided by the run's own test rows.
        policy: when they are looked at; ``looks``: how often, None: after each; ``first``: labels that were asked for at first,
            which have most of the level where they are looked at as they come.
        alpha: level.
        entries: of the ledger, one an opening; none where nothing is accounted for.
    """

    id: str
    decision_id: str
    pool: str
    rows: int
    differ: int
    disagree: dict[str, int]
    left_out: dict[str, int] = {}
    ids: tuple[str, ...]
    keys: tuple[str, ...]
    candidate: Codes
    opponents: dict[str, Codes]
    seeds: tuple[tuple[Codes, Codes], ...] = ()
    slices: dict[str, tuple[str, ...]] = {}
    slice_shares: dict[str, dict[str, Share]] = {}
    classes: tuple[str, ...]
    class_counts: tuple[int, ...] = ()
    class_rows: int = 0
    label: str
    by_labels: tuple[str, ...]
    policy: LabelPolicy
    looks: int | None
    first: int = 0
    alpha: float
    entries: tuple[int, ...] = ()

    @property
    def positions(self) -> tuple[int, ...]:
        """After how many labels the verdict is looked for."""
        n = len(self.ids)
        if self.policy == "as_they_come":
            return tuple(at for at in positions_of_all(self.first, self.differ) if at <= n)
        return tuple(range(1, n + 1)) if self.looks is None else look_positions(n, self.looks)

    def spent(self, alpha: float) -> tuple[float, ...] | None:
        """What is spent of ``alpha`` up to each look; None: bets."""
        if self.policy == "as_they_come":
            return spent_as_they_come(self.positions, self.first, self.differ, alpha)
        return None if self.looks is None else spent_by(self.positions, len(self.ids), alpha)


class OnLabels(Frozen):
    """What a verdict on labels rests on.

    Attributes:
        pool: rows of the pool; differ: of them, rows that were to be labelled; asked: that were asked for; labelled: in order,
            without a gap; used: up to the look at which it was decided.
        gained: of the used, rows that only the candidate gets right; tied: neither; lost: only scratch.
        state: ``enough``: decided; ``vain``: it cannot be shown any more, or hardly; ``go_on``; ``used_up``: all labels are there.
        next_look: after how many labels the next look is; None: there is none.
        more: whether further rows may be asked for.
        waiting: labels behind the first row that has none, which do not count yet; gap: that row's id.
    """

    pool: int
    differ: int
    asked: int
    labelled: int
    used: int
    gained: int
    tied: int
    lost: int
    state: State
    next_look: int | None
    more: bool = False
    waiting: int = 0
    gap: str | None = None

    @property
    def basis(self) -> str:
        """What was labelled, in words."""
        disagreeing = f"{self.differ:,} of the {self.pool:,} rows of the pool"
        return f"{self.used:,} labels of rows on which the models disagree, {disagreeing}. All others count zero."

    @property
    def sentence(self) -> str:
        """What to do next."""
        if self.state == "enough":
            return f"Enough: {self.used:,} labels decide, stop labelling."
        if self.state == "vain":
            return f"Stop labelling: after {self.labelled:,} of {self.asked:,} labels it can hardly be shown any more."
        if self.state == "used_up":
            asking = " Ask for more of the pool, with a greater --budget." if self.more else ""
            return f"All {self.asked:,} labels are there.{asking}"
        more = "" if self.next_look is None else f", the next look is after {self.next_look:,}"
        wait = ""
        if self.waiting:
            wait = (
                f" {self.waiting:,} more do not count yet, since row {self.gap} before them has none: label it, with "
                "'none of these' where it belongs to no class."
            )
        return f"Go on labelling: {self.labelled:,} of {self.asked:,} labels are there{more}.{wait}"
