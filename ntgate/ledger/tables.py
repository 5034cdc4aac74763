"""The ledger's tables, and the triggers that let nothing be changed in them.

A set of test rows is stored once, however often it is used: an entry refers to its set. MLflow creates and migrates only tables
of its own, and minds no others beside them.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa

_PREFIX = "ntgate_ledger_"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows only in columns of type INTEGER
_FINGERPRINT = sa.LargeBinary(16)
_METADATA = sa.MetaData()

SETS = sa.Table(
    f"{_PREFIX}sets",
    _METADATA,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),  # SHA-256 over its sorted fingerprints
    sa.Column("size", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)

ROWS = sa.Table(
    f"{_PREFIX}rows",
    _METADATA,
    sa.Column("fingerprint", _FINGERPRINT, primary_key=True),
    sa.Column("row_set", _NUMBER, primary_key=True),  # no foreign key: checking it row by row would take most of the time
    sqlite_with_rowid=False,
)

ENTRIES = sa.Table(
    f"{_PREFIX}entries",
    _METADATA,
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
)

BETS = sa.Table(
    f"{_PREFIX}bets",
    _METADATA,
    sa.Column("comparison", sa.String(64), primary_key=True),
    sa.Column("against", sa.String(200), primary_key=True),  # what the candidate is compared with
    sa.Column("fingerprint", _FINGERPRINT, primary_key=True),
    sa.Column("won", sa.SmallInteger, nullable=False),  # 1 gained, 0 tied, -1 lost
    sa.Column("opening", _NUMBER, nullable=False),
    sqlite_with_rowid=False,
)

# Which ledger this is: one random id, which the registry remembers. A ledger that was made before there were any gets its own when
# it is written to.
IDENTITY = sa.Table(f"{_PREFIX}identity", _METADATA, sa.Column("id", sa.String(32), primary_key=True))

# Which form the tables have: the greatest number counts. A ledger without any has the first form, and is stamped with it when it is
# written to.
VERSIONS = sa.Table(f"{_PREFIX}versions", _METADATA, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False))
VERSION = 1

_TABLES = (SETS, ROWS, ENTRIES, BETS, IDENTITY, VERSIONS)
_REFUSAL = "the ledger is append-only"


def exist(connection: sa.Connection) -> bool:
    """Whether there is a ledger, be it one of an earlier version."""
    return sa.inspect(connection).has_table(BETS.name)


def identified(connection: sa.Connection) -> bool:
    """Whether the ledger has an id of its own: the table has its row since it was made."""
    return sa.inspect(connection).has_table(IDENTITY.name)


def complete(connection: sa.Connection) -> bool:
    """Whether all of the ledger is there: its last table has its row."""
    return sa.inspect(connection).has_table(VERSIONS.name)


def version(connection: sa.Connection) -> int:
    """The form that the ledger's tables have."""
    found = connection.scalar(sa.select(sa.func.max(VERSIONS.c.version))) if complete(connection) else None
    return VERSION if found is None else int(found)


def create(connection: sa.Connection) -> None:
    """Create what is missing of the ledger."""
    missing = [table for table in _TABLES if not sa.inspect(connection).has_table(table.name)]
    _METADATA.create_all(connection)
    for statement in _guards(missing, connection.dialect.name):
        connection.exec_driver_sql(statement)
    if IDENTITY in missing:
        connection.execute(sa.insert(IDENTITY).values(id=uuid.uuid4().hex))
    if VERSIONS in missing:
        connection.execute(sa.insert(VERSIONS).values(version=VERSION))


def _guards(new: list[sa.Table], database: str) -> list[str]:
    """The statements that let nothing be changed in new tables."""
    if database != "postgresql":
        return [
            f"CREATE TRIGGER {table.name}_no_{act.lower()} BEFORE {act} ON {table.name} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            for table in new
            for act in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {_PREFIX}refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{_REFUSAL}'; END$$",
        *(
            f"CREATE TRIGGER {table.name}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_PREFIX}refuse()"
            for table in new
        ),
    ]
