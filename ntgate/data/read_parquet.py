"""A table in parquet, one file or many: all of its rows, or a sample of which no more is held than is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO, TYPE_CHECKING

import numpy as np

from ntgate.data.columns import frame_of
from ntgate.data.csv_types import natural
from ntgate.data.disguise import refuse_disguised
from ntgate.data.labels import rows
from ntgate.data.location import Location, unreadable
from ntgate.data.read_table import check_header
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.data.table_files import partition
from ntgate.errors import DataError
from ntgate.json_text import parsed

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ntgate.data.domain import Ints

_BATCH = 65_536
_INDEX = "__index_level_0__"  # which pandas makes of an index without a name
_DIGITS, _EXACT = 15, 2**53  # which float64 keeps, and up to where it has every whole number
_YEAR = 9999
_YEARS = (-62_135_596_800, 253_402_300_800)  # seconds since 1970, where the year 1 begins and 9999 ends
_A_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def read_parquet(place: Location, paths: Sequence[str], spec: SourceSpec) -> tuple[pa.Table, Ints | None]:
    """The rows of the files in their order, and which rows of the whole table these are; None when they are all of them.

    Raises:
        DataError: when a file cannot be read, or has other columns than the first.
    """
    import pyarrow as pa

    wanted, first, parts = None, 0, []
    try:
        if spec.sample is not None:
            wanted = sampled(sum(_rows(place, path) for path in paths), spec.sample)
        for path in paths:
            with replace(place, path=path).open() as opened, _parquet(opened, spec.path if len(paths) == 1 else path) as file:
                said, head = partition(place.path, path), file.metadata
                if wanted is None:
                    packed = opened.seek(0, 2)
                    spec.limits.check_table(spec.path, rows=head.num_rows, columns=head.num_columns, packed=packed)
                    parts.append(_beside(file.read(), said))
                else:
                    parts.extend(_beside(part, said) for part in _picked(file, wanted - first))
                    first += file.metadata.num_rows
        check_header(parts[0].column_names, spec)
        table = _one(parts)
        table.validate(
            full=True
        )  # text that is no UTF-8 and offsets that lead elsewhere are found here, not in the middle of a run
        for name in partition(place.path, paths[0]):
            place_of = table.column_names.index(name)
            if table.schema.field(place_of).type == pa.string():
                table = table.set_column(place_of, name, pa.array(natural(table[place_of]), from_pandas=True))
        return table, wanted
    except MemoryError:  # which pyarrow raises as an exception of its own too
        raise
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            spec.path,
            expected="a parquet file" if len(paths) == 1 else "parquet files with the same columns",
            got=" ".join(str(error).split()),
            fix="write it again",
        ) from error


def _parquet(opened: IO[bytes], where: str) -> pq.ParquetFile:
    """A parquet file, refused by what it is where it is something else."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(opened)
    except pa.ArrowInvalid:
        refuse_disguised(opened, where, "a parquet file")
        raise


def in_pandas(table: pa.Table, spec: SourceSpec) -> pd.DataFrame:
    """The table as pandas has it, an index that was saved with it among its columns.

    Numbers of every kind are numbers, days are dates, spans of time are seconds; what pandas called a category stays one.

    Raises:
        DataError: when what the file holds cannot be had as columns.
    """
    codes = _categories(table)
    try:
        columns = {name: _column(table[i]) for i, name in enumerate(table.column_names) if name != _INDEX}
        for name, column in columns.items():
            _refuse_odd_dates(column, f"{spec.path}: {name}")
        made = {name: column.to_pandas(integer_object_nulls=_long(column)) for name, column in columns.items()}
        frame = frame_of(made, len(table))
    except (MemoryError, DataError):
        raise
    except Exception as error:
        got = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(spec.path, expected="a parquet file", got=got, fix="write it again") from error
    for name in codes & set(frame.columns):
        frame[name] = frame[name].astype("category")
    return frame


def _column(column: pa.ChunkedArray) -> pa.ChunkedArray:  # noqa: PLR0911  one a type
    """A column in a type that pandas has as numbers, dates or text."""
    import pyarrow as pa
    import pyarrow.types as kinds

    kind = column.type
    if kinds.is_decimal(kind):
        return _of_decimals(column)
    if kinds.is_date(kind):
        return column.cast(pa.timestamp("ms"))
    if kinds.is_time(kind):
        unit = kind.unit
        whole = column.cast(pa.int32() if kinds.is_time32(kind) else pa.int64())
        return pa.compute.divide(whole.cast(pa.float64()), _A_SECOND[unit])
    if kinds.is_duration(kind):
        return pa.compute.divide(column.cast(pa.int64()).cast(pa.float64()), _A_SECOND[kind.unit])
    if kinds.is_binary(kind) or kinds.is_large_binary(kind):
        try:
            return column.cast(pa.string())
        except pa.ArrowInvalid:
            return column
    return column


def _refuse_odd_dates(column: pa.ChunkedArray, where: str) -> None:
    """Refuse a time zone that nobody here knows, and dates that neither Python nor pandas can write."""
    import pyarrow as pa
    import pyarrow.types as kinds

    kind = column.type
    if not kinds.is_timestamp(kind):
        return
    try:
        pa.chunked_array([], kind).to_pandas()
    except Exception as error:  # whichever library knows zones has errors of its own
        fix = "store the dates in UTC, or install tzdata where the zone exists"
        raise DataError(where, expected="a time zone that is known", got=repr(kind.tz), fix=fix) from error
    whole, (first, last) = column.cast(pa.int64()), (end * int(_A_SECOND[kind.unit]) for end in _YEARS)
    ends = [end for end in pa.compute.min_max(whole).as_py().values() if end is not None]
    if len(ends) == 2 and kind.tz and first <= ends[0] and ends[1] < last:  # in its own zone a year may begin up to a day earlier
        years = pa.chunked_array([pa.array(ends, pa.int64()).cast(kind)]).to_pandas().dt.year
        first, last = ends[0] + (years[0] < 1), ends[1] + (years[1] <= _YEAR)
    if ends and (min(ends) < first or max(ends) >= last):
        steps = whole.fill_null(first).to_numpy()
        raise DataError(
            where,
            expected="dates in the years 1 to 9999",
            got=f"others in {rows(np.flatnonzero((steps < first) | (steps >= last)))}",
            fix="correct or empty these cells",
        )


def _of_decimals(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Decimals as numbers, but for those of which float64 loses what tells them apart, or digits of whole numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = column.cast(pa.float64())
    if column.type.precision <= _DIGITS or _largest(found) * 10.0**column.type.scale <= _EXACT:
        return found
    return column if column.type.scale <= 0 or pc.count_distinct(column).as_py() > pc.count_distinct(found).as_py() else found


def _long(column: pa.ChunkedArray) -> bool:
    """Whether pandas, to which whole numbers with gaps are floats, would lose digits of them."""
    import pyarrow.types as kinds

    return bool(kinds.is_int64(column.type) or kinds.is_uint64(column.type)) and column.null_count > 0 and _largest(column) > _EXACT


def _largest(column: pa.ChunkedArray) -> float:
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py().values()
    return max((abs(end) for end in ends if end is not None), default=0)


def _categories(table: pa.Table) -> set[str]:
    """The columns that pandas wrote down as categories; of numbers the file itself keeps no such thing."""
    try:
        notes = parsed((table.schema.metadata or {}).get(b"pandas", b"{}"))
        return {one["name"] for one in notes["columns"] if one["pandas_type"] == "categorical"}
    except (ValueError, KeyError, TypeError):  # free text, which anybody may have written
        return set()


def _beside(table: pa.Table, said: dict[str, str | None]) -> pa.Table:
    """A file's rows with what its folders say."""
    import pyarrow as pa

    for name, value in said.items():
        if name not in table.column_names:
            table = table.append_column(name, pa.array([value] * len(table), pa.string()))
    return table


def _one(parts: Sequence[pa.Table]) -> pa.Table:
    """The files behind each other; whole numbers in one and numbers in another are numbers."""
    import pyarrow as pa

    try:
        return pa.concat_tables(parts)
    except pa.ArrowInvalid:
        if any(set(part.column_names) != set(parts[0].column_names) for part in parts):
            raise
        return pa.concat_tables(parts, promote_options="permissive")


def _rows(place: Location, path: str) -> int:
    """How many rows a file has; only its footer is read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with place.files.open(path, "rb") as opened, pq.ParquetFile(opened) as file:
            return int(file.metadata.num_rows)
    except pa.ArrowException:
        raise
    except Exception as error:
        raise unreadable(place.shown, error) from error


def _picked(file: pq.ParquetFile, positions: Ints) -> Iterator[pa.Table]:
    """The rows of one file at ascending ``positions``, those outside it left out."""
    import pyarrow as pa

    first = 0
    for batch in file.iter_batches(_BATCH):
        low, high = np.searchsorted(positions, (first, first + len(batch)))
        yield pa.Table.from_batches([batch.take(pa.array(positions[low:high] - first))])
        first += len(batch)
