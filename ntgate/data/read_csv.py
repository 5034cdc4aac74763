"""A csv file as a table: every cell as it is written, then each column in the type that its cells have."""

from __future__ import annotations

import codecs
import io
from typing import IO, TYPE_CHECKING, Any

from ntgate.data.cells import numbers
from ntgate.data.csv_form import CsvForm, csv_form
from ntgate.data.csv_types import NOTHING, natural
from ntgate.data.number_text import ways
from ntgate.data.read_table import check_header
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_ROWS = 200_000  # at most so many different texts of a column are looked at for other marks than a point


def read_csv(file: IO[bytes], spec: SourceSpec) -> tuple[pd.DataFrame, str]:
    """The rows of a csv file, and what had to be recognised to read it.

    The cells of the label stay as they are written, where they are no plain numbers: a class may be called None or NA.

    Raises:
        DataError: when it is no csv file all of whose records are whole, or its header has a name twice or none.
    """
    import pandas as pd

    file = _in_utf8(file, spec)
    form = csv_form(file, spec.path, spec.csv)
    check_header(form.header, spec)
    cells = _cells(file, form, spec)
    nothing, of_labels = (*NOTHING, *spec.csv.missing), ("", " ", *spec.csv.missing)
    usual = form.decimal == "." and spec.csv.thousands is None
    frame = {}
    for name, column in zip(form.header, cells.columns, strict=False):
        empty = of_labels if name == spec.label else nothing
        frame[name] = natural(column, empty) if usual else _column(column, form, spec, empty)
    return pd.DataFrame(frame), form.said


def _column(cells: pa.ChunkedArray, form: CsvForm, spec: SourceSpec, nothing: tuple[str, ...]) -> Any:
    """One column of a file whose numbers have other marks than a point."""
    import pandas as pd
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(cells, r"\d[.,' ]\d")).as_py():
        return natural(cells, nothing)
    known = [text.strip() for text in pc.unique(cells).to_pylist() if text not in nothing]
    found = ways(known, form.decimal, spec.csv.thousands) if known and len(known) <= _ROWS else []
    if not found and spec.csv.thousands is not None:
        found = ways(known, form.decimal)
    plain = pd.Series(cells.to_pylist(), dtype=object)
    plain = plain.where(~plain.isin(nothing), None)
    return numbers(plain, found[0].rules, exact=True) if len(found) == 1 else plain


def _cells(file: IO[bytes], form: CsvForm, spec: SourceSpec) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    names = [*form.header, *(["\0"] if form.trailing else [])]  # no other column is called so

    def other(row: csv.InvalidRow) -> str:  # an empty line, or a header shorter than the records: all else was refused
        header = form.trailing and row.actual_columns == row.expected_columns - 1
        return "skip" if header or not (row.text or "").strip() else "error"

    file.seek(0)
    try:
        table = csv.read_csv(
            file,
            csv.ReadOptions(column_names=names, use_threads=True, block_size=2**24),
            csv.ParseOptions(delimiter=form.separator, newlines_in_values=True, invalid_row_handler=other),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            spec.path, expected="a csv file with a header", got=" ".join(str(error).split())[:200], fix="export it again"
        ) from error
    return table if form.trailing else table.slice(1)


def _in_utf8(file: IO[bytes], spec: SourceSpec) -> IO[bytes]:
    """The same text in UTF-8, where the config or the first bytes say that it is written otherwise."""
    start = file.read(2)
    file.seek(0)
    encoding = spec.csv.encoding
    if encoding is None and start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    if encoding is None or codecs.lookup(encoding).name == "utf-8":
        return file
    try:
        return io.BytesIO(file.read().decode(encoding).encode())
    except (UnicodeError, LookupError) as error:
        raise DataError(
            spec.path, expected=f"a csv file in {encoding}", got=" ".join(str(error).split())[:200], fix="export it in UTF-8"
        ) from error
