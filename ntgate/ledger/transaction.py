"""Transactions on the ledger's database: one writer at a time, and faults in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ntgate.credentials import without_credentials
from ntgate.errors import RegistryError
from ntgate.extras import no_driver
from ntgate.ledger import tables
from ntgate.machine import machine_fault
from ntgate.registry.faults import denied, reason

_WAIT_SECONDS = 60  # for another writer; each holds the ledger for less than a second or two
_LOCK = 0x6E74_6761_7465_0001  # "ntgate" in ASCII: the advisory lock of the ledger in a PostgreSQL database


@contextmanager
def writing(uri: str, timeout_seconds: int) -> Iterator[sa.Connection]:
    """A transaction that no other writer of the ledger runs beside; what is missing of the ledger is created.

    What it reads it may rely on when it writes, so that two decisions at once never spend the same alpha twice.

    Raises:
        RegistryError: when the database does not answer or refuses, or a later ntgate has written the ledger.
    """
    with _translated(uri), _connected(uri, timeout_seconds) as connection:
        if connection.dialect.name == "postgresql":
            with connection.begin():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAIT_SECONDS}s'")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                yield _prepared(connection, uri)
        else:
            # SQLite takes its lock with the first write unless it is told to take it at once; a reader that becomes a writer
            # could have read what another has changed since.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield _prepared(connection, uri)
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")


@contextmanager
def reading(uri: str, timeout_seconds: int) -> Iterator[sa.Connection | None]:
    """A connection to look at the ledger; None where there is none yet: nothing is created by looking.

    Raises:
        RegistryError: when the database does not answer or refuses, or a later ntgate has written the ledger.
    """
    url = sa.make_url(uri)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        yield None
        return
    with _translated(uri), _connected(uri, timeout_seconds) as connection:
        if not tables.exist(connection):
            yield None
            return
        _refuse_newer(connection, uri)
        yield connection


def _prepared(connection: sa.Connection, uri: str) -> sa.Connection:
    _refuse_newer(connection, uri)
    if not tables.complete(connection):
        tables.create(connection)
    return connection


def _refuse_newer(connection: sa.Connection, uri: str) -> None:
    """What a later ntgate has written may mean what this one does not know of: then no row may count as fresh."""
    found = tables.version(connection)
    if found > tables.VERSION:
        raise RegistryError(
            f"ledger {without_credentials(uri)}",
            expected=f"tables of version {tables.VERSION}",
            got=f"version {found}",
            fix="install the ntgate that wrote it, or a later one",
        )


@contextmanager
def _connected(uri: str, timeout_seconds: int) -> Iterator[sa.Connection]:
    url = sa.make_url(uri)
    settings: dict[str, Any] = {"connect_args": {"timeout": _WAIT_SECONDS}, "isolation_level": "AUTOCOMMIT"}
    if url.get_backend_name() == "postgresql":
        # Without a driver's name SQLAlchemy means psycopg2. Under a stricter isolation the first statement would fix what
        # is seen, before the lock is held.
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        settings = {"connect_args": {"connect_timeout": timeout_seconds}, "isolation_level": "READ COMMITTED"}
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool, **settings)
    with engine.connect() as connection:
        yield connection


@contextmanager
def _translated(uri: str) -> Iterator[None]:
    subject, fix = f"ledger {without_credentials(uri)}", "start it, or correct gate.ledger.uri or registry.uri"
    try:
        yield
    except ModuleNotFoundError as error:
        raise no_driver(subject, error.name) from error
    except (SQLAlchemyError, OSError, UnicodeDecodeError) as error:  # the last from a damaged file of SQLite
        fault = machine_fault(error)
        if fault is not None:
            raise fault from error
        original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        if denied(original) is not None:
            fix = "check user and password in gate.ledger.uri or registry.uri"
        got = reason(original)
        raise RegistryError(subject, expected="a database that takes entries", got=got, fix=fix) from error
