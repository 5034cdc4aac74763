"""A table in parquet, one file or many: all of its rows, or a sample of which no more is held than is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ntgate.data.location import Location, unreadable
from ntgate.data.read_table import check_header
from ntgate.data.sampling import sampled
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ntgate.data.domain import Ints

_BATCH = 65_536


def read_parquet(place: Location, paths: Sequence[str], spec: SourceSpec) -> tuple[pa.Table, Ints | None]:
    """The rows of the files in their order, and which rows of the whole table these are; None when they are all of them.

    Raises:
        DataError: when a file cannot be read, or has other columns than the first.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted, first, parts = None, 0, []
    try:
        if spec.sample is not None:
            wanted = sampled(sum(_rows(place, path) for path in paths), spec.sample)
        for path in paths:
            with replace(place, path=path).open() as opened, pq.ParquetFile(opened) as file:
                if wanted is None:
                    parts.append(file.read())
                else:
                    parts.extend(_picked(file, wanted - first))
                    first += file.metadata.num_rows
        check_header(parts[0].column_names, spec)
        return pa.concat_tables(parts), wanted
    except MemoryError:  # which pyarrow raises as an exception of its own too
        raise
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            spec.path, expected="a parquet file" if len(paths) == 1 else "parquet files with the same columns",
            got=" ".join(str(error).split()), fix="write it again",
        ) from error  # fmt: skip


def in_pandas(table: pa.Table, spec: SourceSpec) -> pd.DataFrame:
    """The table as pandas has it.

    Raises:
        DataError: when what the file says of itself does not hold.
    """
    try:
        frame: pd.DataFrame = table.to_pandas()
    except MemoryError:
        raise
    except Exception as error:  # its notes for pandas are free text, and a fault in them raises whatever it does
        got = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(spec.path, expected="a parquet file", got=got, fix="write it again") from error
    return frame


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
