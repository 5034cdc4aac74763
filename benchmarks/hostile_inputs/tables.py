"""csv, gzip, jsonl and parquet in the place of the target: sizes, forms and cells that a table does not have."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hostile_inputs.hostile_input import HostileInput, Place, validating
from hostile_inputs.project import COLUMNS, frame

DOOR = "tables"
_BAD = frozenset({5})
# Nothing is wrong with such a table but its look: it may be read as well, since it says what it means.
_READ_OR_BAD = frozenset({0, 5})
_ROWS = frame("target")
CSV = _ROWS.to_csv(index=False)
_HEADER, *_LINES = CSV.splitlines()
GIB = 2**30


def _cell(text: str, *, column: int = 0, line: int = 3) -> str:
    """The table with one cell replaced."""
    lines = CSV.splitlines()
    fields = lines[line].split(",")
    fields[column] = text
    lines[line] = ",".join(fields)
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return _cell(text, column=len(COLUMNS))


def _labels(value: Any) -> str:
    return _ROWS.assign(label=value).to_csv(index=False)


def _packed(start: bytes, block: bytes, times: int) -> bytes:
    """Gzip of ``start`` and ``times`` a block, which is packed once and repeated: no gigabyte is written here."""
    packer = zlib.compressobj(9, wbits=31)
    content = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return content + once * times  # the end of the stream, with its checksum, is missing: whoever gets there has read it all


def _parquet(table: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()


def _parquet_bomb() -> bytes:
    """4 billion rows of one value, in a dictionary and runs: 8 KB a row group."""
    content = io.BytesIO()
    rows = 2**25
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([1.0]))
    names = [*COLUMNS[:2], "label"]
    labels = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["yes"]))
    table = pa.table([column, column, labels], names=names)
    with pq.ParquetWriter(content, table.schema, compression="zstd") as writer:
        for _ in range(16):
            writer.write_table(table, row_group_size=rows)
    return content.getvalue()


CSV_TEXTS: dict[str, str | bytes] = {
    "nothing": "",
    "blank lines": "\n\n\n",
    "a header alone": _HEADER + "\n",
    "a header twice": f"{_HEADER}\n{CSV}",
    "no header": "\n".join(_LINES),
    "one row": f"{_HEADER}\n{_LINES[0]}\n",
    "one class": _labels("yes"),
    "a class a row": _labels(range(len(_ROWS))),
    "no label": _labels(""),
    "label column twice": CSV.replace("x0,", "label,", 1),
    "columns twice": CSV.replace("x0,", "x1,", 1),
    "other columns": CSV.replace("x", "z"),
    "column names empty": CSV.replace(_HEADER, "," * len(COLUMNS)),
    "column names with NUL": CSV.replace("x0", "x\0", 1),
    "open quote": _cell('"1'),
    "quote of 3 MB": _cell('"' + "a" * 3_000_000),
    "field of 20 MB": _cell("9" * 20_000_000),
    "too many fields": _cell("1,2"),
    "too few fields": CSV.replace(_LINES[4], _LINES[4].rpartition(",")[0]),
    "NUL in a cell": _cell("1\0"),
    "NUL all over": bytes(100_000),
    "infinite": _cell("inf"),
    "minus infinite": _cell("-inf"),
    "1e300": _cell("1e300"),
    "1e400": _cell("1e400"),
    "400 digits": _cell("9" * 400),
    "label 1e300": _labels(np.where(_ROWS["label"] == "yes", "1", "1e300")),
    "label of 10,000 letters": _label("a" * 10_000),
    "label NUL": _label("y\0s"),
    "label with escapes": _label("\x1b[2J"),
    "UTF-16 without a mark": CSV.encode("utf-16-le"),
    "UTF-16 cut in a character": CSV.encode("utf-16")[:-1],
    "UTF-32": CSV.encode("utf-32"),
    "Latin-1": _label("\xfc").encode("latin-1"),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "a parquet file": _parquet(_ROWS),
    "a zip archive": b"PK\x03\x04" + bytes(100),
    "a pickle": b"\x80\x04K\x01.",
    "an SQLite database": b"SQLite format 3\0" + bytes(4080),
    "HTML": "<html><body><table><tr><td>1</td></tr></table></body></html>",
    "JSON": json.dumps([{"x0": 1, "label": "a"}]),
    "JSON 200,000 deep": "[" * 200_000,
    "random bytes": np.random.default_rng(0).bytes(50_000),
    "lines of commas": "," * 100_000 + "\n" + "," * 100_000,
    "shifted by thousands": f"{_HEADER}\n" + "\n".join(f"1,{line}" for line in _LINES),
}

# Forms that a spreadsheet makes of a table.
READABLE: dict[str, str | bytes] = {
    "30 digits": _cell("9" * 30),
    "a class called inf": _label("inf"),
    "a formula": _cell("=HYPERLINK(1)"),
    "a command in a label": _label("'; drop table model_versions; --"),
    "a page in a label": _label("<script>alert(1)</script>"),
    "a date that is none": _cell("2024-02-30"),
    "a year of five digits": _cell("99999-01-01"),
    "words that mean nothing": _cell("#REF!"),
    "carriage returns alone": CSV.replace("\n", "\r"),
    "two byte order marks": b"\xef\xbb\xbf" * 2 + CSV.encode(),
    "hexadecimal": _cell("0x10"),
    "numbers of microseconds since 1677": _ROWS.assign(x0=np.linspace(-(2**62), 2**62, len(_ROWS)).astype(int)).to_csv(index=False),
    "digits of Devanagari": _cell("\u0967\u0968"),
    "label right to left": _label("\u202eyes"),
    "blank label": _label("  "),
    "a column of one value": _ROWS.assign(x0=0).to_csv(index=False),
}

GZIPS: dict[str, Callable[[], bytes]] = {
    "20 GiB of one line": lambda: _packed(CSV.encode(), (_LINES[0] + "\n").encode() * 2**13, 20 * GIB // (2**13 * 120)),
    "20 GiB in one field": lambda: _packed(CSV.encode() + b'"', b"a" * 2**20, 20 * 2**10),
    "20 GiB of a header": lambda: _packed(b"x", b"a" * 2**20, 20 * 2**10),
    "20 GiB of blank lines": lambda: _packed(CSV.encode(), b"\n" * 2**20, 20 * 2**10),
    "20 GiB of NUL": lambda: _packed(CSV.encode(), bytes(2**20), 20 * 2**10),
    "packed ten times": lambda: _again(CSV.encode(), 10),
    "no gzip": CSV.encode,
    "a head alone": lambda: gzip.compress(CSV.encode())[:10],
    "a wrong checksum": lambda: gzip.compress(CSV.encode())[:-8] + bytes(8),
    "rubbish behind": lambda: gzip.compress(CSV.encode()) + b"\x1f\x8bno",
    **{
        f"cut at {share} %": (lambda share=share: _cut(gzip.compress(CSV.encode()), share))  # type: ignore[misc]
        for share in (1, 10, 50, 90, 99)
    },
}

JSONL: dict[str, str | bytes] = {
    "nothing": "",
    "200,000 deep": '{"x0": ' + "[" * 200_000 + "\n",
    "a mapping 200,000 deep": '{"x0": ' * 200_000,
    "a list": "[1, 2]\n" * 20,
    "numbers": "1\n2\n",
    "null": "null\n" * 20,
    "null behind 5 million blank lines": "\n" * 5_000_000 + "null",
    "NaN for labels": "".join(json.dumps({"x0": 1.0, "label": float("nan")}) + "\n" for _ in range(20)),
    "cells that are lists": "".join(json.dumps({**row, "x0": [1]}) + "\n" for row in _ROWS.to_dict("records")),
    "cells that are mappings": "".join(json.dumps({**row, "x0": {"a": 1}}) + "\n" for row in _ROWS.to_dict("records")),
    "labels that are mappings": "".join(json.dumps({**row, "label": {"a": 1}}) + "\n" for row in _ROWS.to_dict("records")),
    "a number of 5,000 digits": json.dumps({"label": "a"})[:-1] + ', "x0": ' + "9" * 5000 + "}\n",
    "1e999": json.dumps({"label": "a"})[:-1] + ', "x0": 1e999}\n',
    "half a character": '{"x0": 1, "label": "\\ud800"}\n' * 20,
    "NUL in a text": '{"x0": "a\\u0000b", "label": "a"}\n' * 20,
    "keys twice": '{"x0": 1, "x0": 2, "label": "a"}\n' * 20,
    "other keys in every line": "".join(json.dumps({f"k{i}": i, "label": "ab"[i % 2]}) + "\n" for i in range(20_000)),
    "cut": _ROWS.to_json(orient="records", lines=True)[:-20],
    "UTF-16": _ROWS.to_json(orient="records", lines=True).encode("utf-16"),
    "csv": CSV,
    "commas behind": _ROWS.to_json(orient="records", lines=True).replace("\n", ",\n"),
}


def _parquets() -> dict[str, Callable[[], bytes]]:
    whole = _parquet(_ROWS)
    damaged = bytearray(whole)
    damaged[200:2000] = b"\xff" * 1800
    n = len(_ROWS)
    found: dict[str, Callable[[], bytes]] = {
        "half a billion rows in some KB": _parquet_bomb,
        "nothing": lambda: b"",
        "its marks alone": lambda: b"PAR1PAR1",
        "a footer of 4 GB": lambda: b"PAR1" + bytes(50) + b"\xff\xff\xff\xffPAR1",
        "damaged pages": lambda: bytes(damaged),
        "encrypted mark": lambda: b"PARE" + whole[4:-4] + b"PARE",
        "no rows": lambda: _parquet(_ROWS[:0]),
        "one class": lambda: _parquet(_ROWS.assign(label="yes")),
        "labels of nothing": lambda: _parquet(_ROWS.assign(label=None)),
        "labels inf": lambda: _parquet(_ROWS.assign(label=np.where(_ROWS["label"] == "yes", 1.0, np.inf))),
        "labels that are lists": lambda: _parquet(_ROWS.assign(label=[["a"]] * n)),
        "labels that are times": lambda: _parquet(_ROWS.assign(label=[datetime(2024, 1, 1)] * n)),
        "labels that are bytes": lambda: _parquet(_ROWS.assign(label=[b"\xff\x00"] * n)),
        "labels that are fractions": lambda: _parquet(_ROWS.assign(label=[Decimal("1.5"), Decimal("2.5")] * (n // 2))),
        "cells that are lists": lambda: _parquet(_ROWS.assign(x0=[[1.0, 2.0]] * n)),
        "cells that are mappings": lambda: _parquet(_ROWS.assign(x0=[{"a": 1}] * n)),
        "cells that are bytes": lambda: _parquet(_ROWS.assign(x0=[b"\x00\xff"] * n)),
        "cells infinite": lambda: _parquet(_ROWS.assign(x0=np.inf)),
        "cells 1e300": lambda: _parquet(_ROWS.assign(x0=1e300)),
        "cells NUL": lambda: _parquet(_ROWS.assign(x0="a\0b")),
        "csv": CSV.encode,
    }
    for share in (1, 10, 30, 50, 70, 90, 99):
        found[f"cut at {share} %"] = partial(_cut, whole, share)
    for place in (4, 100, 1000, 3000, len(whole) - 9, len(whole) - 200):
        found[f"a bit turned in byte {place}"] = partial(_turned, whole, place)
    return found


_AS_TEXT = ("cells that are lists", "cells that are mappings", "cells that are bytes")  # categories as they are written


def inputs() -> Iterator[HostileInput]:
    """Each as the target of a run on tables."""
    for name, text in CSV_TEXTS.items():
        yield _given(f"csv, {name}", "hostile.csv", text, _BAD)
    for name, text in READABLE.items():
        yield _given(f"csv, {name}", "hostile.csv", text, _READ_OR_BAD)
    for name, make in GZIPS.items():
        yield HostileInput(DOOR, f"csv.gz, {name}", partial(_made, "hostile.csv.gz", make), _BAD, several=True)
    for name, text in JSONL.items():
        # 20,000 rows of as many columns are no file that is wrong; they need more memory than there may be.
        codes = frozenset({5, 74}) if name.startswith("other keys") else _READ_OR_BAD if name.startswith("cells") else _BAD
        yield _given(f"jsonl, {name}", "hostile.jsonl", text, codes)
    for name, make in _parquets().items():
        codes = _READ_OR_BAD if "bit turned" in name or name in _AS_TEXT else _BAD
        yield HostileInput(DOOR, f"parquet, {name}", partial(_made, "hostile.parquet", make), codes, several=True)
    jsonl = (json.dumps({**_ROWS.iloc[0].to_dict()}) + "\n").encode()
    bomb = partial(_packed, jsonl, jsonl * 2**11, 20 * GIB // (len(jsonl) * 2**11))
    yield HostileInput(DOOR, "jsonl.gz, 20 GiB of one row", partial(_made, "hostile.jsonl.gz", bomb), _BAD, several=True)
    yield HostileInput(DOOR, "csv, 50,000 columns in one domain", partial(_made, "hostile.csv", _wide), _BAD, several=True)
    for encoding in ("zip", "hex", "rot13", "undefined", "unicode_escape", "punycode", "idna", "utf-7", "raw_unicode_escape"):
        make = partial(_encoded, encoding)
        yield HostileInput(DOOR, f"csv, encoding {encoding}", make, frozenset({0, 2, 5}), several=True)


def _given(name: str, file: str, text: str | bytes, codes: frozenset[int]) -> HostileInput:
    return HostileInput(DOOR, name, partial(_made, file, lambda: text), codes, several=True)


def _made(file: str, make: Callable[[], str | bytes], place: Place) -> list[str]:
    place.write(file, make())
    return list(validating("tables.yaml", f"data.target.path={file}"))


def _encoded(encoding: str, place: Place) -> list[str]:
    place.write("hostile.csv", CSV)
    return list(validating("tables.yaml", "data.target.path=hostile.csv", f"data.target.csv.encoding={encoding}"))


def _wide() -> str:
    names = [*COLUMNS, *(f"further {i}" for i in range(50_000)), "label"]
    lines = [",".join([*line.split(",")[:-1], *["1"] * 50_000, line.split(",")[-1]]) for line in _LINES[:6]]
    return "\n".join([",".join(names), *lines])


def _cut(content: bytes, share: int) -> bytes:
    return content[: len(content) * share // 100]


def _turned(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :]


def _again(content: bytes, times: int) -> bytes:
    for _ in range(times):
        content = gzip.compress(content)
    return content
