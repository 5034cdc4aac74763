"""A table in parquet, one file or many, here or on S3, and its rows by number.

Whoever reads a stretch of it opens the row groups that the stretch touches and no others, so that many workers read one table at
the same time and none of it twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ntgate.credentials import without_credentials
from ntgate.data.location import locate, unreadable
from ntgate.data.table_files import EXPECTED, table_files
from ntgate.errors import DataError
from ntgate.shift.streamed.engine import Engine

Array = npt.NDArray[Any]


class Through(Protocol):
    """A function of rows that can be sent to a worker, such as a scaling or an embedding."""

    @property
    def width(self) -> int:
        """``w``, of the rows that come out."""

    def __call__(self, rows: Array) -> Array:
        """``(k, w)`` from ``(k, d)``."""


@dataclass(frozen=True)
class RowGroup:
    """One row group of a file.

    Attributes:
        path: the file's path or URI.
        number: of the group in the file.
        first: number of its first row in the whole table.
        rows: how many it has.
    """

    path: str
    number: int
    first: int
    rows: int


@dataclass(frozen=True, eq=False)
class Stretch:
    """Consecutive rows of a table: where they are, not what they are, so that it can be sent to a worker.

    Attributes:
        name: the argument the table came by, for messages.
        columns: those that are read, in this order.
        groups: the row groups that hold the rows, in order.
        start: number of the first row in the table.
        stop: number behind the last one.
        gone: as in :class:`Partitions`.
        through: as in :class:`Partitions`.
    """

    name: str
    columns: tuple[str, ...]
    groups: tuple[RowGroup, ...]
    start: int
    stop: int
    gone: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    through: Through | None = None

    def __len__(self) -> int:
        return self.stop - self.start

    def chunks(self, size: int) -> Iterator[Array]:
        """The rows in float32, NaN where a value is missing, in order and at most ``size`` at a time.

        Raises:
            DataError: when they cannot be read.
        """
        for first, chunk in _chunks(self, size, self.start, self.stop):
            # Whole batches go through, wherever a stretch begins: what a network makes of a row depends on its batch by a bit.
            passed = chunk if self.through is None else self.through(chunk)
            yield passed[max(self.start - first, 0) : self.stop - first]


@dataclass(frozen=True, eq=False)
class Partitions:
    """A whole table.

    Attributes:
        name: the argument it came by, for messages.
        columns: those that hold numbers, in the order of the first file.
        groups: all row groups, in order.
        gone: numbers that mean no value, by column.
        through: what every row goes through where it is read; None: rows are left as they are.
    """

    name: str
    columns: tuple[str, ...]
    groups: tuple[RowGroup, ...]
    gone: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    through: Through | None = None

    @property
    def width(self) -> int:
        """``d`` of the rows as they are read."""
        return len(self.columns) if self.through is None else self.through.width

    def __len__(self) -> int:
        return self.groups[-1].first + self.groups[-1].rows if self.groups else 0

    def whole(self) -> Stretch:
        """All rows."""
        return self._stretch(self.groups, 0, len(self))

    def stretches(self, size: int) -> Iterator[Stretch]:
        """The rows in order, ``size`` at a time and the last stretch shorter, whatever the sizes of files and row groups."""
        begin = 0
        for start in range(0, len(self), size):
            stop = min(start + size, len(self))
            while self.groups[begin].first + self.groups[begin].rows <= start:
                begin += 1
            end = begin
            while end < len(self.groups) and self.groups[end].first < stop:
                end += 1
            yield self._stretch(self.groups[begin:end], start, stop)

    def _stretch(self, groups: tuple[RowGroup, ...], start: int, stop: int) -> Stretch:
        return Stretch(self.name, self.columns, groups, start, stop, self.gone, self.through)

    def at(self, positions: npt.NDArray[np.int64], engine: Engine) -> Array:
        """The rows at ascending ``positions``; of all others no more than their row groups are looked at."""
        firsts = np.array([group.first for group in self.groups])
        owners = np.searchsorted(firsts, positions, side="right") - 1
        needed = [self.groups[owner] for owner in np.unique(owners)]
        files = [tuple(groups) for _, groups in groupby(needed, attrgetter("path"))]
        tasks = ((replace(self, groups=groups), positions) for groups in files)
        return np.concatenate(list(engine.map(_picked, tasks)))


def _picked(task: tuple[Partitions, npt.NDArray[np.int64]]) -> Array:
    """Those rows at ascending positions that lie in the row groups of the table."""
    table, positions = task
    found = []
    for first, chunk in _chunks(table, 65_536, 0, len(table)):
        low, high = np.searchsorted(positions, (first, first + len(chunk)))
        found.append(chunk[positions[low:high] - first])
    picked = np.concatenate(found)
    return picked if table.through is None else table.through(picked)


def _chunks(part: Stretch | Partitions, size: int, start: int, stop: int) -> Iterator[tuple[int, Array]]:
    """Batches that hold rows from ``start`` to ``stop``, each with the number of its first; each file is opened once.

    Batches are counted from the beginning of their row group.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for path, own in groupby(part.groups, attrgetter("path")):
        place = locate(path)
        try:
            with place.files.open(place.path, "rb") as opened, pq.ParquetFile(opened, pre_buffer=True) as file:
                for group in own:
                    first = group.first
                    for batch in file.iter_batches(size, row_groups=[group.number], columns=list(part.columns)):
                        if first >= stop:
                            break
                        if first + len(batch) > start:
                            yield first, _numbers(batch, part.columns, part.gone)
                        first += len(batch)
        except (OSError, pa.ArrowException) as error:
            raise unreadable(f"{part.name} ({place.shown})", error) from error


def partitions(
    uri: str, name: str, *, without: Sequence[str] = (), gone: Mapping[str, tuple[float, ...]] | None = None
) -> Partitions:
    """The table at a local path, an fsspec URI, or a pattern of either; only footers are read.

    Args:
        uri: where it lies.
        name: what messages call it.
        without: columns to leave out, where there are any of these names.
        gone: numbers that mean no value, by column.

    Raises:
        DataError: when nothing lies there, the files differ in their columns, or a column holds no numbers.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    shown = f"{name} ({without_credentials(uri)})"
    groups: list[RowGroup] = []
    known: tuple[str, ...] | None = None
    first = 0
    place, paths = table_files(uri, shown)
    for path in paths:
        try:
            with place.files.open(path, "rb") as opened, pq.ParquetFile(opened) as file:
                found = _columns(file.schema_arrow, without, shown)
                counts = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        except (OSError, pa.ArrowException) as error:
            raise DataError(shown, expected=EXPECTED, got=str(error).splitlines()[0], fix="check the path") from None
        if known is not None and set(found) != set(known):
            differing = ", ".join(sorted(set(found) ^ set(known))[:5])
            raise DataError(
                shown,
                expected="the same columns in all files",
                got=f"files that differ in {differing}",
                fix="write them alike, or name the columns",
            )
        known = known or found
        for number, rows in enumerate(counts):
            if rows:
                address = str(place.files.unstrip_protocol(path)) if place.remote else path
                groups.append(RowGroup(address, number, first, rows))
                first += rows
    if not groups:
        raise DataError(shown, expected=EXPECTED, got="no rows", fix="check the path")
    return Partitions(name, known or (), tuple(groups), gone or {})


def _columns(schema: Any, without: Sequence[str], shown: str) -> tuple[str, ...]:
    import pyarrow as pa

    names = tuple(name for name in schema.names if name not in without)
    for column in names:
        kind = schema.field(column).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
            raise DataError(
                shown, expected="columns of numbers", got=f"column {column!r} of type {kind}", fix="encode it as numbers"
            )
    return names


def _numbers(batch: Any, columns: tuple[str, ...], gone: Mapping[str, tuple[float, ...]]) -> Array:
    import pyarrow as pa

    taken = [batch.column(name).cast(pa.float32(), safe=False) for name in columns]  # numbers beyond 2**24 are rounded
    rows = np.column_stack([column.to_numpy(zero_copy_only=False) for column in taken])
    for place, name in enumerate(columns):
        if name in gone:
            rows[np.isin(rows[:, place], np.array(gone[name], dtype=np.float32)), place] = np.nan
    return rows
