"""A csv file as a table: every cell as it is written, then each column in the type that its cells have."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from ntgate.data.cells import numbers
from ntgate.data.column_form import Rules, numbers_among
from ntgate.data.columns import frame_of
from ntgate.data.csv_form import CsvForm, csv_form
from ntgate.data.csv_swallowed import refuse_swallowed
from ntgate.data.csv_types import NOTHING, natural, numbers_in
from ntgate.data.freed_memory import give_back
from ntgate.data.number_blocks import NumberBlocks
from ntgate.data.number_text import ways
from ntgate.data.read_table import check_header
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_BLOCK = 2**22  # bytes read together: fewer cost calls, more the processor's cache
_TRUTH: Rules = (("(?i)^true$", "1"), ("(?i)^false$", "0"))
_ROWS = 200_000  # at most so many different texts of a column are looked at for other marks than a point


@dataclass(frozen=True)
class Recognised:
    """What had to be recognised to read a file.

    Attributes:
        said: for people; none of it is usual.
        rules: of each column of which numbers were made though it is not written plainly, what makes them of its cells: for whoever
            meets these as text, which a served model does.
        gone: numbers that mean no value.
    """

    said: str = ""
    rules: Mapping[str, Rules] = field(default_factory=dict)
    gone: tuple[float, ...] = ()


def read_csv(file: IO[bytes], spec: SourceSpec) -> tuple[pd.DataFrame, Recognised]:
    """The rows of a csv file, and what had to be recognised to read it.

    The cells of the label stay as they are written, where they are no plain numbers: a class may be called None or NA.

    Raises:
        DataError: when it is no csv file all of whose records are whole, or its header has a name twice or none.
    """
    file = _in_utf8(file, spec)
    form = csv_form(file, spec.path, spec.csv)
    check_header(form.header, spec)
    nothing, of_labels = (*NOTHING, *spec.csv.missing), ("", " ", *spec.csv.missing)
    empty = {name: of_labels if name == spec.label else nothing for name in form.header}
    rules: dict[str, Rules] = {}
    if form.decimal == "." and spec.csv.thousands is None:
        frame = _usual(file, form, spec, empty)
    else:
        texts = _texts(file, form, spec, form.header)
        frame = {}
        for name in form.header:
            frame[name], rules[name] = _column(texts.pop(name), form, spec, empty[name])
    gone = numbers_among(spec.csv.missing)
    frame = {name: _without(values, gone) for name, values in frame.items()} if gone else frame
    found = frame_of(frame, len(next(iter(frame.values()))))
    give_back()
    refuse_swallowed(found, form.separator, spec)
    every = {name: (*rules.get(name, ()), *_of_text(values, spec.csv.missing)) for name, values in frame.items()}
    return found, Recognised(form.said, {name: kept for name, kept in every.items() if kept}, gone)


def _without(values: Any, gone: tuple[float, ...]) -> Any:
    """Numbers with none where one of ``gone`` stands."""
    if not _numeric(values) or not (hit := np.isin(values, gone)).any():
        return values
    return np.where(hit, np.nan, values.astype(np.float64))


def _numeric(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind in "iuf"


def _of_text(values: Any, missing: Sequence[str]) -> Rules:
    """What makes of the cells of a column of numbers or truth values what was read, but for marks of numbers.

    Truth values alone are an array of these or, beside missing ones, of objects.
    """
    truth = isinstance(values, np.ndarray) and values.dtype.kind in "bO"
    words = [re.escape(word.strip()) for word in missing if word.strip()]
    none = ((f"^({'|'.join(words)})$", ""),) if words and (truth or _numeric(values)) else ()
    return (*none, *(_TRUTH if truth else ()))


def _usual(file: IO[bytes], form: CsvForm, spec: SourceSpec, empty: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The columns of a file whose numbers have a point: what are numbers so far is kept as such, not as text."""
    import pyarrow as pa

    numbers = {name: NumberBlocks(form.records) for name in form.header}
    texts: dict[str, list[pa.Array]] = {}
    again = []
    for block in _blocks(file, form, spec, form.header):
        for name in form.header:
            cells = block.column(name)
            if name in texts:
                texts[name].append(cells)
            elif name in numbers:
                found = numbers_in(cells, empty[name])
                if found is not None:
                    numbers[name].add(found)
                elif len(numbers.pop(name)):  # texts after numbers, which are not kept as they were written
                    again.append(name)
                else:
                    texts[name] = [cells]
    chunks = {name: pa.chunked_array(texts.pop(name), pa.string()) for name in list(texts)}
    chunks |= _texts(file, form, spec, again) if again else {}
    made = {name: natural(chunks.pop(name), empty[name]) for name in list(chunks)}
    made |= {name: blocks.values for name, blocks in numbers.items()}
    return {name: made[name] for name in form.header}


def _column(cells: pa.ChunkedArray, form: CsvForm, spec: SourceSpec, nothing: tuple[str, ...]) -> tuple[Any, Rules]:
    """One column of a file whose numbers have other marks than a point, and what made plain numbers of its cells."""
    import pandas as pd
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(cells, r"\d[.,' ]\d")).as_py():
        return natural(cells, nothing), ()
    known = [text.strip() for text in pc.unique(cells).to_pylist() if text not in nothing]
    found = ways(known, form.decimal, spec.csv.thousands) if known and len(known) <= _ROWS else []
    if not found and spec.csv.thousands is not None:
        found = ways(known, form.decimal)
    plain = pd.Series(cells.to_pylist(), dtype=object)
    plain = plain.where(~plain.isin(nothing), None)
    return (numbers(plain, found[0].rules, exact=True), found[0].rules) if len(found) == 1 else (plain, ())


def _texts(file: IO[bytes], form: CsvForm, spec: SourceSpec, wanted: Sequence[str]) -> dict[str, pa.ChunkedArray]:
    """Columns as they are written."""
    import pyarrow as pa

    blocks = list(_blocks(file, form, spec, wanted))
    return {name: pa.chunked_array([block.column(name) for block in blocks], pa.string()) for name in wanted}


def _blocks(file: IO[bytes], form: CsvForm, spec: SourceSpec, wanted: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The records in blocks, every cell as it is written."""
    import pyarrow as pa
    from pyarrow import csv

    names = [*form.header, *(["\0"] if form.trailing else [])]  # no other column is called so

    def other(row: csv.InvalidRow) -> str:  # an empty line, or a header shorter than the records: all else was refused
        header = form.trailing and row.actual_columns == row.expected_columns - 1
        return "skip" if header or not (row.text or "").strip() else "error"

    file.seek(0)
    try:
        reader = csv.open_csv(
            file,
            csv.ReadOptions(column_names=names, block_size=max(_BLOCK, form.longest + 1)),
            csv.ParseOptions(delimiter=form.separator, newlines_in_values=True, invalid_row_handler=other),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, include_columns=wanted),
        )
        header = not form.trailing
        for block in reader:
            rows = block.slice(1) if header else block
            header = header and not len(block)
            if len(rows):
                yield rows
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            spec.path, expected="a csv file with a header", got=" ".join(str(error).split())[:200], fix="export it again"
        ) from error


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
