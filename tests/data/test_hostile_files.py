"""Files that nobody means well with, or that were damaged on their way: each is refused in one sentence, none is misread."""

from __future__ import annotations

import io
import os
import socket
import struct
import time
import zipfile
import zlib
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ntgate.cli.app import run as command
from ntgate.data.align import align
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError

X = np.arange(8, dtype=np.float32).reshape(4, 2)
Y = np.array([0, 1, 0, 1])


def npz(**arrays):
    return lambda path: np.savez(path, **{"x": X, "y": Y, **arrays})


def text(content):
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode())


def labels_in_csv(*labels):
    return text("n,label\n" + "".join(f"{i},{label}\n" for i, label in enumerate(labels)))


def parquet(**columns):
    return lambda path: pd.DataFrame({"n": [1.0, 2.0, 3.0], "label": ["a", "b", "a"], **columns}).to_parquet(path)


def array_with_header(header, data=b"", version=(1, 0)):
    """An npz whose x has a header of one's own."""

    def make(path):
        length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy", b"\x93NUMPY" + bytes(version) + length + header + data)
            content = io.BytesIO()
            np.save(content, Y)
            archive.writestr("y.npy", content.getvalue())

    return make


def declared(shape, data=b"", dtype="<f4"):
    return array_with_header(str({"descr": dtype, "fortran_order": False, "shape": shape}).encode(), data)


def bomb(path):
    """x of 10 GiB of zeros in 10 MB, as it would stand in a file; nothing of that size is written here."""
    header = str({"descr": "|u1", "fortran_order": False, "shape": (10, 2**30)}).encode()
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(start + bytes(2**20)) + packer.flush()
    _archive(path, packed, method=8, size=len(start) + 10 * 2**30, crc=0)


def _archive(path, packed, *, method=0, size=None, crc=None, flags=0):
    """A zip archive of one member x.npy, with what it says of itself as given."""
    name, size, crc = b"x.npy", len(packed) if size is None else size, zlib.crc32(packed) if crc is None else crc
    wide = size >= 2**32
    extra = struct.pack("<HHQ", 1, 8, size) if wide else b""
    facts = struct.pack(
        "<HHHHHIIIHH", 45, flags, method, 0, 0, crc, len(packed), 2**32 - 1 if wide else size, len(name), len(extra)
    )
    local = b"PK\x03\x04" + facts + name + extra + packed
    central = b"PK\x01\x02" + struct.pack("<H", 45) + facts + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name + extra
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + end)


def stored_array():
    content = io.BytesIO()
    np.save(content, X)
    return content.getvalue()


def encrypted(path):
    _archive(path, stored_array(), flags=1)


def unknown_method(path):
    _archive(path, stored_array(), method=99)


def cut_member(path):
    np.savez_compressed(path, x=np.random.default_rng(0).normal(size=(500, 20)), y=np.arange(500) % 2)
    content = bytearray(path.read_bytes())
    content[2000:4000] = bytes(2000)
    path.write_bytes(content)


def twice(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", stored_array())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x.npy", stored_array())


def uint64_labels(path):
    pd.DataFrame({"n": np.arange(4.0), "label": np.array([2**63 + 5, 2**64 - 1000] * 2, np.uint64)}).to_parquet(path)


def stamps(unit, odd, every=False, zone=None):
    """Parquet with dates of a unit, one of which or all are so many steps after 1970."""

    def make(path):
        steps = pa.array([odd] * 40 if every else [10**9, None, odd, *([10**9] * 37)], pa.int64())
        columns = {"n": [float(i) for i in range(40)], "t": steps.cast(pa.timestamp(unit, zone)), "label": ["a", "b"] * 20}
        pq.write_table(pa.table(columns), path)

    return make


def npy(path):
    content = io.BytesIO()
    np.save(content, X)
    path.write_bytes(content.getvalue())


def shifted_commas(path):
    path.write_text("price,n,label\n" + "".join(f"{i + 1},{100 + i},{i},{'ab'[i % 2]}\n" for i in range(40)))


def misleading_notes(path):
    """What the file says for pandas names an index that it has not, of a type that there is not."""
    pd.DataFrame({"n": [1.0, 2.0], "label": ["a", "b"]}).to_parquet(path)
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({b"pandas": b'{"index_columns": ["nowhere"], "columns": 7}'}), path)


def damaged_parquet(path):
    pd.DataFrame({"n": np.arange(1000.0), "label": ["a", "b"] * 500}).to_parquet(path)
    content = bytearray(path.read_bytes())
    content[20:3000] = b"\xff" * 2980
    path.write_bytes(content)


FILES = {
    # labels that name no class
    "inf": ("npz", npz(y=np.array([0, 1, np.inf, 1])), "the infinite number inf in row 2"),
    "-inf": ("npz", npz(y=np.array([0, 1, -np.inf, 1])), "the infinite number -inf in row 2"),
    "1e300": ("npz", npz(y=np.array([0, 1, 1e300, 1e300])), "too large to be told from its neighbours, 1e+300 in rows 2, 3"),
    "2**53": ("npz", npz(y=np.array([2.0**53, 1, 0, 1])), "too large to be told from its neighbours"),
    "nan": ("npz", npz(y=np.array([0, 1, np.nan, 1])), "a label in every row, got none in row 2"),
    "fraction": ("npz", npz(y=np.array([0, 1, 0.5, 1])), "the fraction 0.5 in row 2"),
    "long double": ("npz", npz(y=np.array([0, 1, np.inf, 1], dtype=np.longdouble)), "the infinite number inf in row 2"),
    "complex": ("npz", npz(y=Y * 1j), "a value of the type complex"),
    "dates": ("npz", npz(y=np.array(["2024-01-01", "2024-01-02"] * 2, dtype="M8[D]")), "a value of the type datetime64"),
    "records": ("npz", npz(y=np.zeros(4, dtype=[("a", int), ("b", int)])), "a value of the type tuple"),
    "NUL": ("npz", npz(y=np.array(["a", "a\0b", "a", "b"])), "a character that cannot be printed, 'a\\x00b' in row 1"),
    "no UTF-8": ("npz", npz(y=np.array([b"a", b"\xff", b"a", b"b"])), "a character that cannot be printed"),
    "one-hot": ("npz", npz(y=np.eye(2)[Y]), "one column a class; store y.argmax(axis=1)"),
    "too few": ("npz", npz(y=Y[:3]), "one label a row, shape (4,), got shape (3,)"),
    "csv inf": ("csv", labels_in_csv(0, "inf", 1, 1), "the infinite number inf in row 1"),
    "csv 1e300": ("csv", labels_in_csv(0, "1e300", "1e300", 1), "too large to be told from its neighbours"),
    "csv 1e400": ("csv", labels_in_csv(0, "1e400", 1, 1), "the infinite number inf in row 1"),
    "csv nan": ("csv", labels_in_csv(0, "nan", 1, 1), "a label in every row, got none in row 1"),
    "csv superscript": ("csv", labels_in_csv("a" * 600, "\u00b2", "\u00b2", "b"), "a text of over 500 characters"),
    "parquet inf": ("parquet", parquet(label=[0.0, np.inf, 1.0]), "the infinite number inf in row 1"),
    "parquet dates": ("parquet", parquet(label=[datetime(2024, 1, 1)] * 3), "a value of the type Timestamp"),
    "parquet lists": ("parquet", parquet(label=[["a"], ["b"], ["a"]]), "a value of the type ndarray"),
    "parquet decimal": ("parquet", parquet(label=[Decimal("1.5"), Decimal("2.0"), Decimal("1.0")]), "the fraction 1.5 in row 0"),
    "parquet NUL": ("parquet", parquet(label=["a\0", "b", "a"]), "a character that cannot be printed"),
    # features that no float32 holds, or that are no text
    "x inf": ("npz", npz(x=np.array([[1, 2], [np.inf, 1]] * 2)), "NaN or infinity in rows 1, 3"),
    "x 1e300": ("npz", npz(x=np.array([[1, 2], [1e300, 1]] * 2)), "NaN or infinity in rows 1, 3"),
    "x of nothing": ("npz", npz(x=np.zeros((4, 0))), "numbers of shape (n, ...)"),
    "cell 1e300": ("csv", text("n,label\n1,a\n1e300,b\n"), "infinity in row 1"),
    "cell inf": ("csv", text("n,label\n1,a\n-inf,b\n"), "infinity in row 1"),
    "cell of 30 digits": ("csv", text(f"n,label\n1,a\n{'9' * 30},b\n"), "longer ones in row 1"),
    "cell NUL": ("csv", text("n,t,label\n1,a\0,a\n2,b,b\n"), "NUL characters in line 2"),
    "parquet cell NUL": ("parquet", parquet(t=["a", "b\0c", "d"]), "NUL characters in row 1"),
    "UTF-16 without a mark": ("csv", text("n,label\n1,a\n2,b\n".encode("utf-16-le")), "NUL characters in lines 1, 2, 3"),
    # tables
    "thousands": ("csv", shifted_commas, "3 fields in every line, as in the header, got 4 in line 2"),
    "fewer": ("csv", text("a,b,label\n1,2,x\n3,y\n"), "got 2 in line 3; fill in"),
    "open quote": ("csv", text('a,b,label\n1,2,x\n3,"4,y\n5,6,y\n'), "quotes in pairs, got one in line 3"),
    "cut in a quote": ("csv", text('a,b,label\n1,2,x\n3,4,y\n1,2,"x'), "one in line 4 that is open still at the end of the file"),
    "cut behind a line in a quote": ("csv", text('a,b,label\n1,2,x\n3,4,y\n1,2,"x\n'), "one in line 4 that is open still"),
    "cut in a quote, another inside": ("csv", text('a,t,label\n1,6"x,x\n3,c,y\n1,c,"x'), "one in line 4 that is open still"),
    "empty": ("csv", text(""), "got nothing in it"),
    "jsonl null": ("jsonl", text("null\n" * 20), "got a line of null"),
    "jsonl null behind a mark": ("jsonl", text(b"\xef\xbb\xbf \n null"), "got a line of null"),
    "jsonl of blank lines": ("jsonl", text("\n" * 5_000_000 + "null"), "got a line of null"),
    "jsonl of a block of null": ("jsonl", text('{"n": 1, "label": "a"}\n' * 200_000 + "null\n" * 10), "got a line of null"),
    "damaged parquet": ("parquet", damaged_parquet, "a parquet file"),
    "no parquet": ("parquet", text(b"PAR1" + bytes(50) + b"PAR1"), "a parquet file"),
    "key twice": ("jsonl", text('{"n": 1, "label": "a"}\n{"n": 2, "label": "a", "label": "b"}\n'), "got label twice in line 2"),
    "key twice, spelt otherwise": ("jsonl", text('{"n": 1, "label": "a", "\\u006e": 2}\n'), "got n twice in line 1"),
    "key twice among odd types": ("jsonl", text('{"n": 1, "t": "a"}\n{"n": "x", "t": 1}\n{"n": 1, "n": 2}\n'), "n twice in line 3"),
    "key twice in a part": ("jsonl", text('{"n": {"a": 1, "a": 2}, "label": "a"}\n'), "got a twice in line 1"),
    "high half": (
        "jsonl",
        text('{"n": 1, "label": "y"}\n{"n": 2, "label": "y\\ud800"}\n'),
        "half of a character, '\\ud800', in line 2",
    ),
    "low half": (
        "jsonl",
        text('{"n": 1, "label": "y"}\n{"n": 2, "label": "y\\udc00"}\n'),
        "half of a character, '\\udc00', in line 2",
    ),
    "half in a key": ("jsonl", text('{"n\\ud800": 1, "label": "y"}\n'), "half of a character, '\\ud800', in line 1"),
    "half in a cell": ("jsonl", text('{"n": "x", "label": "y"}\n{"n": "\\uD83D", "label": "n"}\n'), "'\\ud83d', in line 2"),
    "date beyond all years": ("parquet", stamps("us", 2**62), "dates in the years 1 to 9999, got others in row 2"),
    "date before all years": ("parquet", stamps("ms", -(2**61)), "dates in the years 1 to 9999, got others in row 2"),
    "dates beyond all years": ("parquet", stamps("us", 2**62, True, "UTC"), "others in rows 0, 1, 2, 3, 4 and 35 more"),
    "date in the year 10000 of its zone": ("parquet", stamps("s", 253_402_300_799, zone="Asia/Tokyo"), "others in row 2"),
    "unknown time zone": (
        "parquet",
        stamps("us", 0, zone="Mars/Phobos"),
        "t: expected a time zone that is known, got 'Mars/Phobos'",
    ),
    # archives
    "npy": ("npz", npy, "an npy file, which holds one array alone; save the arrays x and y together"),
    "pickle": ("npz", text(b"\x80\x04K\x01."), "a pickle, which could run code"),
    "no archive": ("npz", text(b"no zip"), "a damaged file"),
    "huge shape": ("npz", declared((10**12, 10**6)), "the 4000000000000000000 bytes of shape"),
    "huge axis": ("npz", declared((2**70, 2)), "bytes of shape (1180591620717411303424, 2)"),
    "negative shape": ("npz", declared((-1, 2)), "bytes of shape (-1, 2)"),
    "shape of truth": ("npz", declared((True, 2), bytes(8)), "a damaged file"),
    "nested header": ("npz", array_with_header(b"(" * 5000), "a damaged file"),
    "long header": ("npz", array_with_header(b"{" + b" " * 20_000), "a header of 20,001 bytes"),
    "header of 4 GB": ("npz", array_with_header(b"", version=(2, 0)), "a damaged file"),
    "header that is none": ("npz", array_with_header(b"[1, 2]"), "a damaged file"),
    "unknown dtype": ("npz", declared((2, 2), dtype="<q17"), "a damaged file"),
    "objects": ("npz", npz(y=np.array([{}, {}, {}, {}])), "pickled objects, which could run code"),
    "bomb": ("npz", bomb, "at most 100 times as much as is packed, as data.limits.times says, got over 10,240 MiB"),
    "encrypted": ("npz", encrypted, "an encrypted one"),
    "unknown method": ("npz", unknown_method, "one packed by the unknown method 99"),
    "cut member": ("npz", cut_member, "a damaged file"),
    "member twice": ("npz", twice, "every array once, got x twice"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_is_refused_in_one_sentence(tmp_path, case):
    ending, make, part = FILES[case]
    path = tmp_path / f"rows.{ending}"
    make(path)
    began = time.perf_counter()
    with pytest.raises(DataError) as caught:
        read(SourceSpec(path=str(path)), "target")
    assert part in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.array([1.0, 2.0, 1.0, 2.0]), ("1", "2")),
        (np.array([True, False] * 2), ("False", "True")),
        (np.array([b"a", b"b"] * 2), ("a", "b")),
        (np.array([2**63, 2**64 - 1] * 2, dtype=np.uint64), (str(2**63), str(2**64 - 1))),
        (np.array([-3, -(2**63)] * 2), (str(-(2**63)), "-3")),
        (Y[:, None], ("0", "1")),
        (np.array(["\u00b2", "--5"] * 2), ("--5", "\u00b2")),
    ],
)
def test_labels_that_name_a_class(tmp_path, labels, classes):
    np.savez(tmp_path / "a.npz", x=X, y=labels)
    assert read(SourceSpec(path=str(tmp_path / "a.npz")), "target").classes == classes


def test_unsigned_labels_in_parquet_keep_their_sign(tmp_path):
    uint64_labels(tmp_path / "a.parquet")
    domain = read(SourceSpec(path=str(tmp_path / "a.parquet")), "target")
    assert domain.classes == (str(2**63 + 5), str(2**64 - 1000))
    assert domain.labels.tolist() == [0, 1, 0, 1]


def test_whole_characters_and_mixed_types_in_jsonl_are_read(tmp_path):
    lines = ['{"n": 1, "t": "\\ud83d\\ude00", "label": "a"}', '{"n": "x", "t": 2, "label": "b"}', "", '{"label": "a"}']
    (tmp_path / "a.jsonl").write_text("\ufeff" + "\n".join(lines))
    domain = read(SourceSpec(path=str(tmp_path / "a.jsonl")), "target")
    assert domain.classes == ("a", "b")
    assert domain.rows["t"].tolist() == ["\U0001f600", "2", ""]


def test_notes_for_pandas_that_mislead_do_no_harm(tmp_path):
    misleading_notes(tmp_path / "a.parquet")
    domain = read(SourceSpec(path=str(tmp_path / "a.parquet"), label="label"), "target")
    assert (list(domain.rows.columns), domain.classes) == (["n"], ("a", "b"))


def test_an_archive_may_pack_what_it_holds_well(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((1000, 10_000), np.uint8), y=np.arange(1000) % 2)
    assert len(read(SourceSpec(path=str(tmp_path / "a.npz")), "target")) == 1000


def test_arrays_that_nobody_asked_for_are_not_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=Y, notes=np.array([{}], dtype=object))
    assert len(read(SourceSpec(path=str(tmp_path / "a.npz")), "target")) == 4


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def unix_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(path.parent)  # its address has room for a hundred characters
        listener.bind(path.name)
        os.chdir(here)


def loop(path):
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("make", "part"),
    [(pipe, "got a pipe"), (device, "got a device"), (unix_socket, "got a socket"), (loop, "a link that leads nowhere")],
)
@pytest.mark.parametrize("name", ["rows.csv", "rows.npz", "rows.parquet", "rows", "folder/a/1.png", "folder.parquet/1.parquet"])
def test_what_is_no_file_ends_at_once(tmp_path, make, part, name):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)
    if make is loop and "folder" in name:
        part = "a link that leads nowhere" if "parquet" in name else "got none, beside 1 .png linked to nothing"
    given = tmp_path / name.partition("/")[0]
    with pytest.raises(DataError) as caught:
        read(SourceSpec(path=str(given)), "target")
    assert part in str(caught.value)


@pytest.mark.parametrize("path", ["a\0b.csv", "~nobody-of-this-name/a.csv", "no-such-kind://a.csv", "a" * 5000 + ".csv"])
def test_paths_that_lead_nowhere(path):
    with pytest.raises(DataError):
        read(SourceSpec(path=path), "target")


def test_links_to_folders_are_followed_and_loops_are_not(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "rows" / "cat").mkdir(parents=True)
    for place in (tmp_path / "elsewhere" / "1.png", tmp_path / "rows" / "cat" / "1.png"):
        Image.fromarray(np.zeros((2, 2), np.uint8)).save(place)
    (tmp_path / "rows" / "dog").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "rows" / "cat" / "up").symlink_to("..")
    (tmp_path / "rows" / "cat" / "self").symlink_to("self")
    domain = read(SourceSpec(path=str(tmp_path / "rows")), "source")
    assert [domain.classes[code] for code in domain.labels] == ["cat", "dog"]
    (tmp_path / "rows" / "wolf").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="every folder once"):
        read(SourceSpec(path=str(tmp_path / "rows")), "source")


def test_all_damaged_images_are_named(tmp_path):
    for i in range(6):
        path = tmp_path / "ab"[i // 3] / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(path)
        if i in (0, 3, 4):
            path.write_bytes(path.read_bytes()[: 10 * i])
    with pytest.raises(DataError) as caught:
        read(SourceSpec(path=str(tmp_path)), "source")
    assert "3 damaged files: " in caught.value.got
    assert [name for name in ("0.png", "3.png", "4.png") if name in caught.value.got] == ["0.png", "3.png", "4.png"]
    assert "BytesIO" not in caught.value.got


def test_a_header_of_50_000_columns_takes_seconds(tmp_path):
    names = [f"column number {i}" for i in range(50_000)]
    lines = [",".join([*names, "label"])] + [",".join(["1"] * 50_000 + [label]) for label in "xyxy"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    began = time.perf_counter()
    source = read(SourceSpec(path=str(tmp_path / "a.csv")), "source")
    assert align(source, source).rows.shape == (4, 50_000)
    assert time.perf_counter() - began < 40  # one by one it was over 240


@pytest.mark.parametrize("case", ["1e300", "thousands", "npy", "bomb"])
def test_the_exit_code_is_that_of_bad_data(project, capsys, case):
    ending, make, part = FILES[case]
    make(project / f"bad.{ending}")
    assert command(["validate", str(project / "config.yaml"), "--set", f"data.target.path=bad.{ending}"]) == 5
    assert part in capsys.readouterr().err


def test_what_is_wrong_with_each_file_is_told_at_once(project, capsys):
    for part, header in (("source", "a,lable"), ("target", "a,b,klass"), ("target_test", "a,label")):
        (project / f"{part}.csv").write_text(header + "\n1,x\n2,y\n" if part != "target" else header + "\n1,2,x\n2,3,y\n")
    sets = [f"data.{part}.path={part}.csv" for part in ("source", "target", "target_test")] + ["data.target.group=who"]
    arguments = [word for one in [*sets, "data.target_test.group=who"] for word in ("--set", one)]
    assert command(["validate", str(project / "config.yaml"), *arguments]) == 5
    told = capsys.readouterr().err
    for part, column in (("source", "label"), ("target", "label"), ("target", "who"), ("target_test", "who")):
        assert f"{part}.csv: expected a column {column!r}" in told


def validated(folder: Path) -> None:
    """Let ``validate`` read source.csv and target.csv there, with nothing said of them."""
    (folder / "c.yaml").write_text(
        "{model: {name: m}, data: {source: {path: source.csv}, target: {path: target.csv}}, registry: {uri: 'sqlite:///m.db'}}"
    )
    assert command(["validate", str(folder / "c.yaml")]) == 0


def test_validate_says_what_it_recognised(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for part in ("source", "target"):
        rows = [f"{f'{x:.3f}'.replace('.', ',')};{'ab'[int(x > 0)]}" for x in rng.normal(size=200)]
        (tmp_path / f"{part}.csv").write_text("n;label\n" + "\n".join(rows))
    validated(tmp_path)
    assert "fields between semicolons, decimal commas" in capsys.readouterr().out


def test_names_and_cells_command_no_terminal(tmp_path, capsys):
    rng = np.random.default_rng(0)
    colours = ("red", "bl\x1b[2Jue")
    for part in ("source", "target"):
        cells = [f"{x:.3f},{rng.choice(colours)},{'ab'[int(x > 0)]}" for x in rng.normal(size=200)]
        (tmp_path / f"{part}.csv").write_text("n\x1b[31m,t\u202e,label\n" + "\n".join(cells))
    validated(tmp_path)
    told = capsys.readouterr().out
    for shown in ("n\\x1b[31m  number", "t\\u202e  ", "bl\\x1b[2Jue"):
        assert shown in told
    assert "\x1b" not in told
    (tmp_path / "target.csv").write_text("n\x1b[31m,n\x1b[31m,label\n1,2,a\n1,2,b\n")
    assert command(["validate", str(tmp_path / "c.yaml")]) == 5
    assert "n\\x1b[31m twice" in capsys.readouterr().err
