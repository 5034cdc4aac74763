"""The ledger's tables, and the triggers that let nothing be changed in them.

A set of test rows is stored once, however often it is used: an entry refers to its set. MLflow creates and migrates only tables
of its own, and minds no others beside them.
"""

from __future__ import annotations

import sqlalchemy as sa

_PREFIX = "ntgate_ledger_"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows only in columns of type INTEGER
_FINGERPRINT = sa.LargeBinary(16)
_METADATA = sa.MetaData()

SETS = sa.Table(
    f"{_PREFIX}sets", _METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),  # SHA-256 over its sorted fingerprints
    sa.Column("size", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)  # fmt: skip

ROWS = sa.Table(
    f"{_PREFIX}rows", _METADATA,
    sa.Column("fingerprint", _FINGERPRINT, primary_key=True),
    sa.Column("row_set", _NUMBER, primary_key=True),  # no foreign key: checking it row by row would take most of the time
    sqlite_with_rowid=False,
)  # fmt: skip

ENTRIES = sa.Table(
    f"{_PREFIX}entries", _METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),  # opened, closed
    sa.Column("opening", _NUMBER, sa.ForeignKey(f"{_PREFIX}entries.id")),  # what a closing closes
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("comparison", sa.String(64), nullable=False, index=True),
    sa.Column("decision_id", sa.String(64), nullable=False),
    sa.Column("policy", sa.String(16), nullable=False),
    sa.Column("alpha", sa.Float(53), nullable=False),
    sa.Column("horizon", sa.Integer, nullable=False),
    sa.Column("withheld", sa.Boolean, nullable=False),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    sa.Column("row_set", _NUMBER, sa.ForeignKey(SETS.c.id), nullable=False, index=True),
    sa.Column("outcome", sa.String(16)),
    sa.Column("at", sa.String(32), nullable=False),  # UTC, ISO 8601
    sqlite_autoincrement=True,
)  # fmt: skip

BETS = sa.Table(
    f"{_PREFIX}bets", _METADATA,
    sa.Column("comparison", sa.String(64), primary_key=True),
    sa.Column("against", sa.String(200), primary_key=True),  # what the candidate is compared with
    sa.Column("fingerprint", _FINGERPRINT, primary_key=True),
    sa.Column("won", sa.SmallInteger, nullable=False),  # 1 gained, 0 tied, -1 lost
    sa.Column("opening", _NUMBER, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

_TABLES = (SETS, ROWS, ENTRIES, BETS)
_REFUSAL = "the ledger is append-only"


def exist(connection: sa.Connection) -> bool:
    """Whether the ledger has been created: its last table is there."""
    return sa.inspect(connection).has_table(BETS.name)


def create(connection: sa.Connection) -> None:
    """Create what is missing of the ledger."""
    _METADATA.create_all(connection)
    for statement in _POSTGRES if connection.dialect.name == "postgresql" else _SQLITE:
        connection.exec_driver_sql(statement)


_SQLITE = tuple(
    f"CREATE TRIGGER IF NOT EXISTS {table.name}_no_{act.lower()} BEFORE {act} ON {table.name} "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    for table in _TABLES
    for act in ("UPDATE", "DELETE")
)

_POSTGRES = (
    f"CREATE OR REPLACE FUNCTION {_PREFIX}refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$BEGIN RAISE EXCEPTION '{_REFUSAL}'; END$$",
    *(
        f"CREATE TRIGGER {table.name}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {_PREFIX}refuse()"
        for table in _TABLES
    ),
)
