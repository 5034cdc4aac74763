"""The ledger: which decision opened which test rows, at which level, and how it ended.

An opening is written before a test row is scored, and a closing before the result is shown. What a crash leaves opened counts as
spent; the same comparison finds its opening again, and pays nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from ntgate.data.records import RowKeys
from ntgate.gate.allowance import Allowance, once_more
from ntgate.gate.budget import Account
from ntgate.gate.ledger_config import LedgerConfig
from ntgate.gate.wear import allow
from ntgate.ledger.account import account_of
from ntgate.ledger.bets import bet, keep_labels, repeated
from ntgate.ledger.entries import LedgerEntry, Opening, close_entry, comparison_of, open_entry
from ntgate.ledger.fingerprints import Prints, stored
from ntgate.ledger.tables import ENTRIES, IDENTITY, SETS, identified
from ntgate.ledger.transaction import reading, writing
from ntgate.ledger.uses import PASSED, bets_of, history, stream_of, uses_of

Fingerprints: TypeAlias = npt.NDArray[np.bytes_] | RowKeys
WITHHELD = "withheld"


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
            mine = [use for use in uses if use.policy == opening.config.policy]
            own = [use for use in mine if use.comparison == opening.comparison]
            rounded = not own
            if rounded:
                # Only one whose answer stands, on all of these rows: what a crash left open is spent, and labels that were asked
                # for after a run are of another test.
                own = [use for use in mine if use.decision_id in opening.same and use.closed and use.rows.all()]
            if spending and own:
                return once_more(
                    len(found),
                    own[0].rows,
                    alpha=own[0].alpha,
                    horizon=own[0].horizon,
                    withheld=own[0].withheld,
                    policy=opening.config.policy,
                    at=own[0].at,
                    entry=None if rounded else own[0].entry,
                    passed=own[0].passed,
                )
            stream = None if bets is None else stream_of(connection, opening.model, opening.comparison, uses, bets.counts)
            account = account_of(connection, opening.model, opening.comparison) if spending else None
            granted = allow(
                found, opening.config, alpha=opening.alpha, min_test_rows=opening.min_test_rows, stream=stream, account=account
            )
            if granted.closed:
                return granted
            if not len(granted.positions):
                return granted if bets is None else repeated(connection, granted, bets, prints)
            size = len(set(prints.first(granted.positions)))
            row_set = stored(connection, prints.at(granted.positions), size)
            return granted.model_copy(update={"entry": open_entry(connection, opening, granted, row_set)})

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
            if bets:
                assert fingerprints is not None
                bet(connection, comparison_of(connection, granted.entry), granted, Prints.of(fingerprints), bets)
            close_entry(connection, granted.entry, shown)

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
            account = None if connection is None else account_of(connection, model)
        found = history(uses, prints, None, set())
        return allow(found, config, alpha=alpha, min_test_rows=min_test_rows, stream=stream, account=account)

    def account(self, model: str, comparison: str | None = None) -> Account:
        """The decisions of a registered model within the last 360 days, but for this ``comparison``.

        Raises:
            RegistryError: when the database does not answer.
        """
        with reading(self.uri, self.timeout_seconds) as connection:
            return Account() if connection is None else account_of(connection, model, comparison)

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
        with writing(self.uri, self.timeout_seconds) as connection:
            return keep_labels(connection, comparison, entry, [bytes.fromhex(key) for key in keys], won)

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
