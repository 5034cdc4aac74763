"""Files that come to more than they look: refused by ``data.limits`` before they fill the memory, and read where that allows it."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ntgate.data.limits import Limits
from ntgate.data.readers import read_raw
from ntgate.data.specs import DataConfig, SourceSpec
from ntgate.errors import DataError


def read(path: Path, **limits):
    return read_raw(SourceSpec(path=str(path)).within(Limits(**limits)), "source", labelled=True)


def packed_csv(path: Path) -> Path:
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b"x,label\n")
        for _ in range(300):
            file.write(b"1,yes\n0,no\n" * 100_000)
    return path


def narrow_parquet(path: Path) -> Path:
    """Fifty million equal numbers take a few kilobytes."""
    rows = 50_000_000
    pq.write_table(pa.table({"x": pa.array(np.zeros(rows, np.int8)), "label": pa.array(np.zeros(rows, np.int8))}), path)
    return path


def dense_array(path: Path) -> Path:
    np.savez_compressed(path, x=np.zeros((2**20, 80), np.float32), y=np.arange(2**20) % 2)
    return path


@pytest.mark.parametrize(
    ("name", "make"), [("rows.csv.gz", packed_csv), ("rows.parquet", narrow_parquet), ("rows.npz", dense_array)]
)
def test_what_packs_too_well(tmp_path, name, make):
    said = r"at most 100 times as much as is packed, as data\.limits\.times says, got over \d+ MiB from 0\.\d+;"
    with pytest.raises(DataError, match=said):
        read(make(tmp_path / name))


def test_it_is_read_where_it_is_meant_so(tmp_path):
    assert len(read(dense_array(tmp_path / "rows.npz"), times=10_000)) == 2**20


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_what_is_large_without_being_packed(tmp_path, name):
    (tmp_path / name).write_bytes(b'{"x": 1}\n' * 200_000)
    with pytest.raises(DataError, match=r"at most 0\.001 GiB, as data\.limits\.gib says"):
        read(tmp_path / name, gib=0.001)


def test_a_line_of_jsonl_without_end(tmp_path):
    rows = b'{"x": 1, "label": "yes"}\n' * 10
    (tmp_path / "rows.jsonl").write_bytes(rows + b'{"x": "' + b"a" * 2**25 + b'", "label": "no"}\n' + rows)
    with pytest.raises(DataError, match="expected lines of at most 16 MiB, got a longer one"):
        read(tmp_path / "rows.jsonl")


def test_a_line_just_short_enough(tmp_path):
    """Over the border of two blocks that are looked at."""
    lines = [b'{"x": "%s", "label": "%s"}\n' % (b"a" * (2**24 - 100), label) for label in (b"yes", b"no")]
    (tmp_path / "rows.jsonl").write_bytes(b'{"x": "b", "label": "no"}\n' + b"".join(lines))
    assert len(read(tmp_path / "rows.jsonl")) == 3


def test_a_picture_of_many_pixels(tmp_path):
    """A hundred megapixels of black in a hundred kilobytes, none of which is unpacked."""

    def part(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    side = 10_000
    row = b"\0" * (1 + side)
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", pixels) + part(b"IEND", b"")
    for label in ("yes", "no"):
        (tmp_path / "rows" / label).mkdir(parents=True)
        (tmp_path / "rows" / label / "a.png").write_bytes(picture)
    with pytest.raises(DataError, match=r"a\.png \(100 megapixels, and data\.limits\.megapixels allows 89\)"):
        read(tmp_path / "rows")


def test_one_section_of_the_config_is_for_every_domain():
    data = DataConfig.model_validate({"source": {"path": "a"}, "target": {"path": "b"}, "limits": {"gib": 2}})
    assert data.source is not None
    assert data.source.limits == data.target.limits == Limits(gib=2)
    again = DataConfig.model_validate_json(data.model_dump_json())
    assert again.target.limits == Limits(gib=2)
