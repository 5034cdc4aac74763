"""The ledger: which decision opened which test rows, at which level, and how it ended.

An opening is written before a test row is scored, and a closing before the result is shown. What a crash leaves opened counts as
spent; the same comparison finds its opening again, and pays nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from ntgate.base import Frozen
from ntgate.data.records import RowKeys
from ntgate.errors import DataError
from ntgate.gate.allowance import Allowance, once_more
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.wear import allow
from ntgate.ledger.fingerprints import Prints, insert, stored
from ntgate.ledger.tables import BETS, ENTRIES, IDENTITY, SETS, identified
from ntgate.ledger.transaction import reading, writing
from ntgate.ledger.uses import PASSED, Bets, bets_of, history, stream_of, uses_of

Fingerprints: TypeAlias = npt.NDArray[np.bytes_] | RowKeys
WITHHELD = "withheld"


class Opening(Frozen):
    """A decision that wants to open test rows.

    Attributes:
        model: the registered model.
        decision_id: identifies the decision.
        comparison: identifies what is compared, see :func:`ntgate.gate.identity.comparison_id`.
        config: how wear is accounted for.
        alpha: the gate's level.
        min_test_rows: with fewer rows there is no verdict.
        dry_run: whether nothing will be promoted; whoever looks, wears all the same.
    """

    model: str
    decision_id: str
    comparison: str
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


@dataclass(frozen=True)
class Ledger:
    """A ledger in a database.

    Attributes:
        uri: of a SQLite file or a PostgreSQL database.
        timeout_seconds: how long to wait for a server's first answer.
    """

    uri: str
    timeout_seconds: int = 10

    def open(self, opening: Opening, fingerprints: Fingerprints) -> Allowance:
        """Grant a decision what is left, and write down that it is spent; only then may a test row be scored.

        Args:
            opening: who asks, and for what.
            fingerprints: of the ``n`` test rows, from :func:`ntgate.data.records.row_keys`; or one a row, in hexadecimal ``(n,)``.

        Raises:
            RegistryError: when the database does not answer; no row may be opened then.
        """
        prints, spending = Prints.of(fingerprints), opening.config.policy != "e_process"
        with writing(self.uri, self.timeout_seconds) as connection:
            uses = uses_of(connection, prints)
            bets = None if spending else bets_of(connection, opening.comparison)
            found = history(uses, prints, opening.comparison, set() if bets is None else bets.settled)
            own = [use for use in uses if use.comparison == opening.comparison and use.policy == opening.config.policy]
            if spending and own:
                return once_more(
                    len(found),
                    own[0].rows,
                    alpha=own[0].alpha,
                    horizon=own[0].horizon,
                    withheld=own[0].withheld,
                    policy=opening.config.policy,
                    at=own[0].at,
                    entry=own[0].entry,
                )
            stream = None if bets is None else stream_of(connection, opening.model, opening.comparison, uses, bets.counts)
            granted = allow(found, opening.config, alpha=opening.alpha, min_test_rows=opening.min_test_rows, stream=stream)
            if granted.closed:
                return granted
            if not len(granted.positions):
                return granted if bets is None else _repeated(connection, granted, bets, prints)
            size = len(set(prints.first(granted.positions)))
            row_set = stored(connection, prints.at(granted.positions), size)
            return granted.model_copy(update={"entry": _opened(connection, opening, granted, row_set)})

    def close(
        self,
        granted: Allowance,
        outcome: str,
        *,
        fingerprints: Fingerprints | None = None,
        bets: Mapping[str, npt.NDArray[np.integer]] | None = None,
    ) -> None:
        """Write down how the decision ended; doing it twice is doing it once.

        Args:
            granted: what :meth:`open` returned.
            outcome: ``promoted``, ``rejected`` or ``inconclusive``.
            fingerprints: with ``e_process``, those of the opening.
            bets: with ``e_process``, by what the candidate was compared with: 1 for each allowed row that it gained, 0 for a tie,
                -1 for a row lost, in the order of ``granted.positions``.

        Raises:
            RegistryError: when the database does not answer; the rows stay opened and count as spent.
        """
        if granted.entry is None:
            return
        shown = outcome if outcome == PASSED or not granted.withheld else WITHHELD
        with writing(self.uri, self.timeout_seconds) as connection:
            opened = connection.execute(sa.select(ENTRIES).where(ENTRIES.c.id == granted.entry)).mappings().one()
            # A closing has the comparison of its opening, a column with an index.
            same = sa.select(ENTRIES.c.id).where(
                ENTRIES.c.comparison == opened["comparison"], ENTRIES.c.opening == granted.entry, ENTRIES.c.outcome == shown
            )
            if bets:
                assert fingerprints is not None
                _bet(connection, opened["comparison"], granted, Prints.of(fingerprints), bets)
            if connection.scalar(same) is None:
                content = {name: value for name, value in opened.items() if name not in ("id", "kind", "opening", "at")}
                closing = {**content, "kind": "closed", "opening": granted.entry, "outcome": shown, "at": _now()}
                connection.execute(sa.insert(ENTRIES), closing)

    def preview(
        self, fingerprints: Fingerprints, config: LedgerConfig, *, model: str, alpha: float, min_test_rows: int
    ) -> Allowance:
        """What a new comparison of a registered model would be granted on these rows; nothing is written.

        Raises:
            RegistryError: when the database does not answer.
        """
        prints = Prints.of(fingerprints)
        with reading(self.uri, self.timeout_seconds) as connection:
            uses = [] if connection is None else uses_of(connection, prints)
            stream = None if connection is None else stream_of(connection, model, None, uses, {})
        found = history(uses, prints, None, set())
        return allow(found, config, alpha=alpha, min_test_rows=min_test_rows, stream=stream)

    def unopened(self, fingerprints: Fingerprints, comparison: str) -> npt.NDArray[np.bool_]:
        """Which of ``n`` rows ``(n,)`` no decision but this ``comparison`` has opened.

        Raises:
            RegistryError: when the database does not answer.
        """
        prints = Prints.of(fingerprints)
        with reading(self.uri, self.timeout_seconds) as connection:
            uses = [] if connection is None else uses_of(connection, prints)
        return ~history(uses, prints, comparison, set()).elsewhere

    def keep_labels(
        self, comparison: str, entry: int, keys: Sequence[str], won: Mapping[str, npt.NDArray[np.integer]]
    ) -> list[int]:
        """Write down what labels say, once and for all; what was written before stays.

        Args:
            comparison: whose rows they are of.
            entry: its opening.
            keys: of the rows, in hexadecimal.
            won: by opponent, 1 for each row that the candidate gained, 0 for a tie, -1 for a row lost.

        Returns:
            The positions of rows that were said to be otherwise before; nothing is written then.

        Raises:
            RegistryError: when the database does not answer.
        """
        rows = [bytes.fromhex(key) for key in keys]
        with writing(self.uri, self.timeout_seconds) as connection:
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

    def openings(self, comparison: str) -> list[int]:
        """The numbers of a comparison's openings, the oldest first.

        Raises:
            RegistryError: when the database does not answer.
        """
        asked = sa.select(ENTRIES.c.id).where(ENTRIES.c.comparison == comparison, ENTRIES.c.kind == "opened")
        with reading(self.uri, self.timeout_seconds) as connection:
            return [] if connection is None else [int(one) for one in connection.scalars(asked.order_by(ENTRIES.c.id))]

    def decided(self, decision_ids: Iterable[str]) -> bool:
        """Whether one of these decisions has opened test rows.

        Raises:
            RegistryError: when the database does not answer.
        """
        wanted = sorted(set(decision_ids))
        with reading(self.uri, self.timeout_seconds) as connection:
            if connection is None:
                return False
            return any(
                connection.scalar(sa.select(ENTRIES.c.id).where(ENTRIES.c.decision_id.in_(wanted[i : i + 500])).limit(1))
                is not None
                for i in range(0, len(wanted), 500)
            )

    def identity(self, *, create: bool) -> str | None:
        """The random id that tells this ledger from every other; a copy has that of its original. None where it has none yet.

        Args:
            create: give it one, and create the ledger where there is none.

        Raises:
            RegistryError: when the database does not answer.
        """
        if create:
            with writing(self.uri, self.timeout_seconds) as connection:
                return connection.scalar(sa.select(IDENTITY.c.id))
        with reading(self.uri, self.timeout_seconds) as looked_at:
            if looked_at is None or not identified(looked_at):
                return None
            return looked_at.scalar(sa.select(IDENTITY.c.id))

    def entries(self, model: str | None = None) -> list[LedgerEntry]:
        """All entries of a registered model, or of all of them, the oldest first.

        Raises:
            RegistryError: when the database does not answer.
        """
        asked = sa.select(ENTRIES, SETS.c.size.label("rows")).join(SETS, SETS.c.id == ENTRIES.c.row_set)
        if model is not None:
            asked = asked.where(ENTRIES.c.model == model)
        with reading(self.uri, self.timeout_seconds) as connection:
            found = [] if connection is None else list(connection.execute(asked.order_by(ENTRIES.c.id)).mappings())
        return [LedgerEntry(**{name: value for name, value in one.items() if name != "row_set"}) for one in found]


def _opened(connection: sa.Connection, opening: Opening, granted: Allowance, row_set: int) -> int:
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


def _repeated(connection: sa.Connection, granted: Allowance, bets: Bets, prints: Prints) -> Allowance:
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


def _bet(
    connection: sa.Connection, comparison: str, granted: Allowance, prints: Prints, bets: Mapping[str, npt.NDArray[np.integer]]
) -> None:
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
