"""The earlier decisions on test rows, read from the ledger."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from ntgate.gate.allowance import Counts
from ntgate.gate.row_history import History
from ntgate.gate.streams import Stream
from ntgate.ledger.fingerprints import Prints, sets_of
from ntgate.ledger.tables import BETS, ENTRIES

PASSED = "promoted"
_AT_ONCE = 500  # sets asked for in one statement; databases limit its parameters


@dataclass(frozen=True, eq=False)
class Use:
    """One opening of some of the test rows.

    Attributes:
        entry: its number.
        comparison: what was compared.
        decision_id: by which decision.
        policy: how its wear is accounted for.
        alpha: its level.
        horizon: how many decisions were declared.
        withheld: whether its result was kept back.
        at: when, in UTC, as ISO 8601.
        passed: whether it let the candidate pass.
        closed: whether its end is written down.
        rows: which of the present test rows it opened ``(n,)``.
    """

    entry: int
    comparison: str
    decision_id: str
    policy: str
    alpha: float
    horizon: int
    withheld: bool
    at: str
    passed: bool
    closed: bool
    rows: npt.NDArray[np.bool_]


def uses_of(connection: sa.Connection, prints: Prints) -> list[Use]:
    """Every opening of any of these rows, the oldest first."""
    where = {one: i for i, one in enumerate(prints.unique)}
    found: dict[int, list[int]] = defaultdict(list)
    for fingerprint, row_set in sets_of(connection, prints.unique):
        found[row_set].append(where[fingerprint])
    if not found:
        return []
    numbers = sorted(found)
    entries = [
        one
        for start in range(0, len(numbers), _AT_ONCE)
        for one in connection.execute(sa.select(ENTRIES).where(ENTRIES.c.row_set.in_(numbers[start : start + _AT_ONCE])))
    ]
    passed = {one.opening for one in entries if one.outcome == PASSED}  # a closing has the set of its opening
    closed = {one.opening for one in entries if one.kind == "closed"}
    rows = {}
    for row_set, positions in found.items():
        contained = np.zeros(len(prints.unique), bool)
        contained[positions] = True
        rows[row_set] = np.asarray(contained[prints.inverse].any(axis=1))
    return [
        Use(
            entry=one.id,
            comparison=one.comparison,
            decision_id=one.decision_id,
            policy=one.policy,
            alpha=one.alpha,
            horizon=one.horizon,
            withheld=one.withheld,
            at=one.at,
            passed=one.id in passed,
            closed=one.id in closed,
            rows=rows[one.row_set],
        )
        for one in sorted(entries, key=lambda entry: entry.id)
        if one.kind == "opened"
    ]


def history(uses: list[Use], prints: Prints, comparison: str | None, settled: set[bytes]) -> History:
    """What these uses did to each row.

    Args:
        uses: of the rows.
        prints: of the rows.
        comparison: the present one; None: a new one.
        settled: fingerprints of the rows on which the present comparison has bet.
    """
    n = len(prints.inverse)
    spent, used, shown = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64)
    retired, elsewhere = np.zeros(n, bool), np.zeros(n, bool)
    for use in uses:
        spent[use.rows] += use.alpha
        used += use.rows
        if not use.withheld:
            shown += use.rows
        elif use.passed:
            retired |= use.rows
        if use.comparison != comparison:
            elsewhere |= use.rows
    bet = prints.among(settled) if settled else np.zeros(n, bool)
    return History(spent, used, shown, retired, elsewhere, bet, prints.repeated)


@dataclass(frozen=True)
class Bets:
    """What a comparison has accumulated on a stream.

    Attributes:
        counts: rows gained, tied and lost against each opponent.
        settled: the rows' fingerprints.
        last: the number of the last opening that was bet on; None: there was none.
        earlier: as ``counts``, without the rows of that opening.
        rows: the fingerprints of its rows.
        opponents: those that all its rows were bet against.
    """

    counts: dict[str, Counts]
    settled: set[bytes]
    last: int | None
    earlier: dict[str, Counts]
    rows: set[bytes]
    opponents: tuple[str, ...]


def bets_of(connection: sa.Connection, comparison: str) -> Bets:
    """What a comparison has accumulated."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    new: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    mine = BETS.c.comparison == comparison
    last = connection.scalar(sa.select(sa.func.max(BETS.c.opening)).where(mine))
    if last is None:
        return Bets({}, set(), None, {}, set(), ())
    of_last = BETS.c.opening == last
    grouped = sa.select(BETS.c.against, BETS.c.won, of_last, sa.func.count()).where(mine)
    for against, won, is_last, number in connection.execute(grouped.group_by(BETS.c.against, BETS.c.won, of_last)):
        counts[against][1 - won] += number
        new[against][1 - won] += number if is_last else 0
    found = connection.execute(sa.select(BETS.c.fingerprint, of_last).where(mine).distinct())
    is_of_last = {bytes(one): bool(is_last) for one, is_last in found}  # a row is bet on in one opening alone
    rows = {one for one, is_last in is_of_last.items() if is_last}
    return Bets(
        counts={against: _three(numbers) for against, numbers in counts.items()},
        settled=set(is_of_last),
        last=int(last),
        earlier={against: _three(np.subtract(counts[against], new[against]).tolist()) for against in counts},
        rows=rows,
        opponents=tuple(sorted(against for against in new if sum(new[against]) == len(rows))),
    )


def _three(numbers: list[int]) -> Counts:
    gained, tied, lost = numbers
    return gained, tied, lost


def stream_of(connection: sa.Connection, model: str, comparison: str | None, uses: list[Use], earlier: dict[str, Counts]) -> Stream:
    """What was done on a model's stream, or on that of any of these rows, before ``comparison`` was opened on it.

    Args:
        connection: in a transaction.
        model: the registered model.
        comparison: the present one; None: a new one.
        uses: of the rows.
        earlier: what the present comparison has accumulated.
    """
    opened = sa.select(ENTRIES.c.id, ENTRIES.c.comparison, ENTRIES.c.alpha).where(
        ENTRIES.c.kind == "opened", ENTRIES.c.policy == "e_process", ENTRIES.c.model == model
    )
    of_model = [(one.id, one.comparison, one.alpha) for one in connection.execute(opened)]
    of_rows = [(use.entry, use.comparison, use.alpha) for use in uses if use.policy == "e_process"]
    first: dict[str, tuple[int, float]] = {}
    for entry, whose, alpha in sorted(of_model + of_rows):
        first.setdefault(whose, (entry, alpha))
    own = first.pop(comparison, None) if comparison is not None else None
    before = tuple(alpha for entry, alpha in first.values() if own is None or entry < own[0])
    # Under another name for the model it may have been opened before: it keeps the level that it was given first.
    kept = connection.scalar(
        sa.select(ENTRIES.c.alpha)
        .where(ENTRIES.c.comparison == comparison, ENTRIES.c.policy == "e_process")
        .order_by(ENTRIES.c.id)
        .limit(1)
    )
    return Stream(earlier, None if kept is None else float(kept), before)
