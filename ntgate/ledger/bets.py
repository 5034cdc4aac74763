"""Bets in the ledger: what a candidate won or lost on each row, against each opponent, once and for all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from ntgate.errors import DataError
from ntgate.gate.allowance import Allowance, once_more
from ntgate.ledger.fingerprints import Prints, insert
from ntgate.ledger.tables import BETS, ENTRIES
from ntgate.ledger.uses import Bets

Won = Mapping[str, npt.NDArray[np.integer]]


def bet(connection: sa.Connection, comparison: str, granted: Allowance, prints: Prints, bets: Won) -> None:
    """Write down the bets of an opening, one for each allowed row.

    Raises:
        DataError: when they are not one for each.
    """
    rows = prints.first(granted.positions)
    for against, won in bets.items():
        if len(won) != len(rows) or not np.isin(won, (-1, 0, 1)).all():
            raise DataError(
                f"bets against {against}",
                expected=f"1, 0 or -1 for each of {len(rows)} rows",
                got=f"{len(won)} values",
                fix="give one for each allowed row, in order",
            )
        same = {"comparison": comparison, "against": against, "opening": granted.entry}
        insert(connection, BETS.name, rows, same, each=("won", won.astype(int).tolist()))


def keep_labels(connection: sa.Connection, comparison: str, entry: int, rows: list[bytes], won: Won) -> list[int]:
    """Write down what labels say; the positions of rows that were said to be otherwise before, and nothing is written then."""
    asked = sa.select(BETS.c.against, BETS.c.fingerprint, BETS.c.won).where(BETS.c.comparison == comparison)
    known = {(against, bytes(row)): int(number) for against, row, number in connection.execute(asked)}
    other = {
        i
        for against, numbers in won.items()
        for i, (row, number) in enumerate(zip(rows, numbers.tolist(), strict=True))
        if known.get((against, row), number) != number
    }
    for against, numbers in won.items() if not other else ():
        same = {"comparison": comparison, "against": against, "opening": entry}
        insert(connection, BETS.name, rows, same, each=("won", numbers.astype(int).tolist()))
    return sorted(other)


def repeated(connection: sa.Connection, granted: Allowance, bets: Bets, prints: Prints) -> Allowance:
    """Without a fresh row a stream's last bets are made again, for the same answer: the run that made them may have died since.

    Where not all of their rows are at hand, the candidate is judged on what it has accumulated.
    """
    if bets.last is None or not bets.rows.issubset(prints.unique):
        return granted
    opened = connection.execute(sa.select(ENTRIES).where(ENTRIES.c.id == bets.last)).mappings().one()
    rows = prints.among(bets.rows) & ~prints.repeated
    return once_more(
        len(rows),
        rows,
        policy="e_process",
        alpha=granted.alpha,
        horizon=opened["horizon"],
        withheld=False,
        at=opened["at"],
        entry=bets.last,
        earlier=bets.earlier,
        opponents=bets.opponents,
    )
