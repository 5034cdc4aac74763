"""Entries of the ledger: an opening before a test row is scored, a closing before the result is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from ntgate.base import Frozen
from ntgate.gate.allowance import Allowance
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.ledger.tables import ENTRIES


class Opening(Frozen):
    """A decision that wants to open test rows.

    Attributes:
        model: the registered model.
        decision_id: identifies the decision.
        comparison: identifies what is compared, see :func:`ntgate.gate.identity.comparison_id`.
        same: decisions of the same data, settings and code: their models differ from these by rounding at most.
        config: how wear is accounted for.
        alpha: the gate's level.
        min_test_rows: with fewer rows there is no verdict.
        dry_run: whether nothing will be promoted; whoever looks, wears all the same.
    """

    model: str
    decision_id: str
    comparison: str
    same: frozenset[str] = frozenset()
    config: LedgerConfig
    alpha: float
    min_test_rows: int
    dry_run: bool = False


class LedgerEntry(Frozen):
    """One entry.

    Attributes:
        id: its number.
        kind: ``opened`` or ``closed``.
        opening: the opening that is closed; None for an opening.
        model: the registered model.
        comparison: what was compared.
        decision_id: by which decision.
        policy: how its wear is accounted for.
        alpha: its level.
        horizon: how many decisions were declared.
        withheld: whether the result is kept back unless it is a pass.
        dry_run: whether nothing was to be promoted.
        rows: how many different test rows it opened.
        outcome: of the decision; ``withheld`` for a result that is kept back; None for an opening.
        at: when, in UTC, as ISO 8601.
    """

    id: int
    kind: Literal["opened", "closed"]
    opening: int | None
    model: str
    comparison: str
    decision_id: str
    policy: str
    alpha: float
    horizon: int
    withheld: bool
    dry_run: bool
    rows: int
    outcome: str | None
    at: str


def open_entry(connection: sa.Connection, opening: Opening, granted: Allowance, row_set: int) -> int:
    """The number of this opening: a new one, or, where a stream's rows were opened but never closed, the same again."""
    same = sa.select(ENTRIES.c.id).where(
        ENTRIES.c.kind == "opened",
        ENTRIES.c.comparison == opening.comparison,
        ENTRIES.c.row_set == row_set,
        ENTRIES.c.policy == granted.policy,
    )
    number = connection.scalar(same)
    if number is None:
        entry = {
            "kind": "opened",
            "model": opening.model,
            "comparison": opening.comparison,
            "decision_id": opening.decision_id,
            "policy": granted.policy,
            "alpha": granted.alpha,
            "horizon": granted.horizon,
            "withheld": granted.withheld,
            "dry_run": opening.dry_run,
            "row_set": row_set,
            "at": _now(),
        }
        number = connection.scalar(sa.insert(ENTRIES).values(entry).returning(ENTRIES.c.id))
    assert number is not None
    return int(number)


def comparison_of(connection: sa.Connection, opening: int) -> str:
    """What an opening compares."""
    return str(connection.execute(sa.select(ENTRIES.c.comparison).where(ENTRIES.c.id == opening)).scalar_one())


def close_entry(connection: sa.Connection, opening: int, outcome: str) -> None:
    """Close an opening; doing it twice is doing it once."""
    opened = connection.execute(sa.select(ENTRIES).where(ENTRIES.c.id == opening)).mappings().one()
    # A closing has the comparison of its opening, a column with an index.
    same = sa.select(ENTRIES.c.id).where(
        ENTRIES.c.comparison == opened["comparison"], ENTRIES.c.opening == opening, ENTRIES.c.outcome == outcome
    )
    if connection.scalar(same) is None:
        content = {name: value for name, value in opened.items() if name not in ("id", "kind", "opening", "at")}
        closing = {**content, "kind": "closed", "opening": opening, "outcome": outcome, "at": _now()}
        connection.execute(sa.insert(ENTRIES), closing)


def now() -> datetime:
    """The time by which entries are dated, in UTC."""
    return datetime.now(UTC)


def _now() -> str:
    return now().isoformat(timespec="seconds")
