"""Fingerprints of test rows as the ledger keeps them: 16 bytes each, up to three a row, every row once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from ntgate.data.records import RowKeys
from ntgate.ledger.tables import ROWS, SETS

_BLOCK = 50_000
_BYTES = 16

# PostgreSQL is sent many fingerprints as one value and takes them apart: an array is spelt out byte by byte, which took longer
# than all that is done with it.
_NUMBERED = "generate_series(0, :last) AS i"
_ITH = f"substr(:joined, {_BYTES} * i + 1, {_BYTES})"


@dataclass(frozen=True, eq=False)
class Prints:
    """The fingerprints of ``n`` test rows, ``k`` a row, ``u`` of them different.

    Attributes:
        unique: the different ones, in order.
        inverse: for every test row the positions of its own among them ``(n, k)``; it is known again by any.
        kept: how many of a row's, from the left, are written down; the first stands for the row.
    """

    unique: list[bytes]
    inverse: npt.NDArray[np.int64]
    kept: int

    @classmethod
    def of(cls, given: npt.NDArray[np.bytes_] | RowKeys) -> Prints:
        """From :func:`ntgate.data.records.row_keys`, or one hexadecimal fingerprint a row ``(n,)``."""
        keys = given if isinstance(given, RowKeys) else RowKeys(given[:, None], 1)
        text, inverse = np.unique(keys.keys, return_inverse=True)
        unique = [bytes.fromhex(one.decode()) for one in text.tolist()]
        return cls(unique, inverse.reshape(keys.keys.shape).astype(np.int64), keys.kept)

    def at(self, positions: npt.NDArray[np.int64]) -> list[bytes]:
        """The different fingerprints that are written down of the rows at ``positions``, in order."""
        return [self.unique[i] for i in np.unique(self.inverse[positions, : self.kept])]

    def first(self, positions: npt.NDArray[np.int64]) -> list[bytes]:
        """The fingerprint that stands for each of the rows at ``positions``."""
        return [self.unique[i] for i in self.inverse[positions, 0].tolist()]

    def among(self, fingerprints: Iterable[bytes]) -> npt.NDArray[np.bool_]:
        """Whether each row ``(n,)`` has one of these fingerprints."""
        wanted = set(fingerprints)
        held = np.array([one in wanted for one in self.unique], bool)
        return np.asarray(held[self.inverse].any(axis=1))

    @property
    def repeated(self) -> npt.NDArray[np.bool_]:
        """Whether each row stands further up already ``(n,)``."""
        again = np.ones(len(self.inverse), bool)
        again[np.unique(self.inverse[:, 0], return_index=True)[1]] = False
        return again


def stored(connection: sa.Connection, fingerprints: list[bytes], size: int) -> int:
    """The number of the set of ``size`` rows with these different fingerprints, given in order; a new one is written down."""
    digest = hashlib.sha256(b"".join(fingerprints)).hexdigest()
    known = connection.scalar(sa.select(SETS.c.id).where(SETS.c.digest == digest))
    if known is not None:
        return int(known)
    number = connection.scalar(sa.insert(SETS).values(digest=digest, size=size).returning(SETS.c.id))
    assert number is not None
    insert(connection, ROWS.name, fingerprints, {"row_set": number})
    return int(number)


def insert(
    connection: sa.Connection,
    table: str,
    fingerprints: list[bytes],
    same: dict[str, Any],
    each: tuple[str, list[int]] | None = None,
) -> None:
    """Append one record a fingerprint, but those that stand there already.

    Args:
        connection: in a transaction.
        table: its name, one of the ledger's.
        fingerprints: one a record.
        same: columns with the same value in each record.
        each: a further column, with -1, 0 or 1 a record.
    """
    columns = ["fingerprint", *same] + ([each[0]] if each else [])
    head, tail = f"INSERT INTO {table} ({', '.join(columns)})", "ON CONFLICT DO NOTHING"
    if connection.dialect.name == "postgresql":
        # One statement for all: a statement a row would take seconds.
        chosen, values = [_ITH, *(f":{name}" for name in same)], {**_joined(fingerprints), **same}
        if each:
            chosen.append("get_byte(:each, i) - 1")
            values["each"] = bytes(1 + number for number in each[1])
        # "WHERE true" tells the parser that ON belongs to the INSERT.
        connection.execute(sa.text(f"{head} SELECT {', '.join(chosen)} FROM {_NUMBERED} WHERE true {tail}"), values)  # noqa: S608
        return
    marks = ", ".join("?" * len(columns))
    beside = tuple(same.values())
    ends: Iterable[tuple[int, ...]] = ((number,) for number in each[1]) if each else (() for _ in fingerprints)
    records = [(one, *beside, *end) for one, end in zip(fingerprints, ends, strict=True)]
    if records:
        connection.exec_driver_sql(f"{head} VALUES ({marks}) {tail}", records)


def _joined(fingerprints: list[bytes]) -> dict[str, Any]:
    return {"joined": b"".join(fingerprints), "last": len(fingerprints) - 1}


def sets_of(connection: sa.Connection, fingerprints: list[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each of these fingerprints with each set that contains it."""
    if connection.dialect.name == "postgresql":
        asked = f"SELECT i, r.row_set FROM {_NUMBERED} JOIN {ROWS.name} r ON r.fingerprint = {_ITH}"  # noqa: S608  names of ours
        for i, number in connection.execute(sa.text(asked), _joined(fingerprints)):
            yield fingerprints[i], int(number)
        return
    connection.exec_driver_sql("CREATE TEMP TABLE wanted (fingerprint BLOB PRIMARY KEY) WITHOUT ROWID")
    for start in range(0, len(fingerprints), _BLOCK):
        connection.exec_driver_sql("INSERT INTO wanted VALUES (?)", [(one,) for one in fingerprints[start : start + _BLOCK]])
    found = connection.exec_driver_sql(
        f"SELECT r.fingerprint, r.row_set FROM wanted JOIN {ROWS.name} r USING (fingerprint)"  # noqa: S608  a name of ours
    )
    yield from ((one, number) for one, number in found.fetchall())
    connection.exec_driver_sql("DROP TABLE temp.wanted")
