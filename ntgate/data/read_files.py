"""A table in csv or jsonl, one file or many, packed or not."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from ntgate.data.column_form import Rules
from ntgate.data.csv_types import natural
from ntgate.data.disguise import BEGINNING, refuse_disguised
from ntgate.data.jsonl_objects import check_objects
from ntgate.data.limits import LONGEST
from ntgate.data.location import Location
from ntgate.data.read_csv import Recognised, read_csv
from ntgate.data.read_table import check_header
from ntgate.data.specs import SourceSpec
from ntgate.data.table_files import partition, table_files
from ntgate.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_PACKED: dict[str, Callable[[IO[bytes]], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_IN_MEMORY = 2**26
_BLOCK = 2**24


def read_files(path: str, spec: SourceSpec, kind: str) -> tuple[pd.DataFrame, Recognised]:
    """The rows of all files at a path, and what had to be recognised to read them.

    Args:
        path: as it is opened; messages have ``spec.path``, or the file's own where there are many.
        spec: what is known of the table.
        kind: ``csv`` or ``jsonl``.

    Raises:
        DataError: when a file cannot be read, or has other columns than the first.
    """
    import pandas as pd

    place, paths = table_files(path, spec.path, f"a {kind} file or folder, or a pattern such as part-*.{kind}")
    parts: list[pd.DataFrame] = []
    said: dict[str, None] = {}
    rules: dict[str, dict[Rules, None]] = {}
    gone: tuple[float, ...] = ()
    for one in paths:
        about = spec if len(paths) == 1 else spec.model_copy(update={"path": one})
        with _opened(replace(place, path=one), about) as file:
            refuse_disguised(file, about.path, f"a {kind} file")
            frame, recognised = read_csv(file, about) if kind == "csv" else (_jsonl(file, about), Recognised())
        said[recognised.said], gone = None, recognised.gone  # which the config says, of all files alike
        for name, written in recognised.rules.items():
            rules.setdefault(name, {})[written] = None
        for name, value in partition(place.path, one).items():
            if name not in frame.columns:
                frame[name] = pd.Series([value] * len(frame), dtype=object)
        if parts and set(parts[0].columns) != set(frame.columns):
            raise DataError(
                one,
                expected=f"the columns of {paths[0]}: {', '.join(map(str, parts[0].columns[:8]))}",
                got=", ".join(map(str, frame.columns[:8])),
                fix="give files of one table",
            )
        parts.append(frame)
    import pyarrow as pa

    whole = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    for name in partition(place.path, paths[0]):
        whole[name] = natural(pa.chunked_array([pa.array(whole[name], pa.string())]))
    one_way = {name: next(iter(ways)) for name, ways in rules.items() if len(ways) == 1}
    return whole, Recognised("; ".join(filter(None, said)), one_way, gone)


def _opened(place: Location, spec: SourceSpec) -> IO[bytes]:
    """A file's content, unpacked where its name says that it is packed."""
    ending = next((ending for ending in _PACKED if place.path.lower().endswith(ending)), None)
    if ending is None:
        file = place.open()
        size = _size(file)
        spec.limits.check(spec.path, unpacked=size, packed=size)
        return file
    unpacked = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  the caller closes it
    try:
        with place.open() as packed:
            size = _size(packed)
            with _PACKED[ending](packed) as content:
                while block := content.read(_BLOCK):
                    unpacked.write(block)
                    spec.limits.check(spec.path, unpacked=unpacked.tell(), packed=size)
    except DataError:
        unpacked.close()
        raise
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        unpacked.close()
        raise DataError(
            spec.path, expected=f"a whole file packed as {ending}", got=" ".join(str(error).split()), fix="pack it again"
        ) from error
    unpacked.seek(0)
    return unpacked


def _size(file: IO[bytes]) -> int:
    end = file.seek(0, 2)
    file.seek(0)
    return end


def _jsonl(file: IO[bytes], spec: SourceSpec) -> pd.DataFrame:
    """One JSON object a line; a key that is not there has no value."""
    import pandas as pd

    start = file.read(BEGINNING).removeprefix(codecs.BOM_UTF8).lstrip()
    file.seek(0)
    if start.startswith(b"["):
        fix = "write each object in a line of its own, as jq -c '.[]' does"
        raise DataError(spec.path, expected="one JSON object a line", got="a list", fix=fix)
    _refuse_long_lines(file, spec.path)
    check_objects(file, spec.path)
    try:
        frame = pd.read_json(file, lines=True, dtype=False, convert_dates=False, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError) as error:
        raise DataError(
            spec.path, expected="one JSON object a line", got=" ".join(str(error).split())[:200], fix="export it again"
        ) from error
    check_header(list(map(str, frame.columns)), spec)
    return frame


def _refuse_long_lines(file: IO[bytes], shown: str) -> None:
    """An object without an end in sight would be held several times over before anything is known of it."""
    open_since = position = 0
    while block := file.read(LONGEST):
        open_since = position + block.rfind(b"\n") + 1 if b"\n" in block else open_since
        position += len(block)
        if position - open_since > LONGEST:
            expected, fix = f"lines of at most {LONGEST // 2**20} MiB", "write one object a line"
            raise DataError(shown, expected=expected, got="a longer one", fix=fix)
    file.seek(0)
