"""The account of a registered model: its decisions within a year, whatever rows they opened."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from ntgate.gate.budget import DAYS, Account
from ntgate.ledger import entries
from ntgate.ledger.tables import ENTRIES


def account_of(connection: sa.Connection, model: str, comparison: str | None = None) -> Account:
    """The decisions of a registered model that opened rows within the last 360 days.

    A comparison that was opened several times, as a stream's or one whose labels come in batches, is one decision, at its largest
    level. Those of every policy count, and those that were made before there was a budget.

    Args:
        connection: in a transaction, or to look.
        model: the registered model.
        comparison: the present one, which is left out; None: a new one.
    """
    since = (entries.now() - timedelta(days=DAYS)).isoformat(timespec="seconds")
    level, opened = sa.func.max(ENTRIES.c.alpha), sa.func.max(ENTRIES.c.at)
    asked = sa.select(ENTRIES.c.comparison, level, opened).where(ENTRIES.c.kind == "opened", ENTRIES.c.model == model)
    found = {one: (float(alpha), str(at)) for one, alpha, at in connection.execute(asked.group_by(ENTRIES.c.comparison))}
    own = found.pop(comparison, None) if comparison is not None else None
    recent = sorted((at, alpha) for alpha, at in found.values() if at >= since)
    return Account(
        levels=tuple(alpha for _, alpha in recent),
        oldest=recent[0][0][:10] if recent else None,
        own=None if own is None else own[0],
    )
