"""Whole records: the count in blocks against the standard library's reader, and what is refused."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from ntgate.data import csv_records
from ntgate.data.csv_form import csv_form
from ntgate.data.csv_records import check_records
from ntgate.data.readers import read
from ntgate.data.specs import SourceSpec
from ntgate.errors import DataError


def refused(content, separator=",", width=3):
    with pytest.raises(DataError) as caught:
        check_records(io.BytesIO(content), separator, width, "rows.csv")
    return caught.value


@pytest.mark.parametrize("block", [7, 64, 2**24])
def test_it_counts_as_the_standard_library_does(monkeypatch, block):
    """Random bytes of what matters, in blocks that end anywhere."""
    monkeypatch.setattr(csv_records, "_BLOCK", block)
    rng = np.random.default_rng(0)
    for _ in range(1500):
        signs = rng.choice(list('ab,,""\n\r \u20ac'), rng.integers(1, 30))
        quoted = rng.random() < 0.5  # else quotes stand anywhere
        text = "".join(signs)
        if quoted:
            text = "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in text.replace('"', '""').split("\n"))
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
        if any(len(row) == 1 and row[0] and not row[0].strip() for row in rows):
            continue  # an empty line, or one with a quoted space: the standard library does not tell
        whole = list(csv.reader([*io.StringIO(text, newline=""), "|,|"]))[-1] == ["|", "|"]  # else it is inside an open quote
        wrong = [row for row in rows if len(row) != 2]
        trailing = [row for row in wrong if len(row) == 3 and not row[-1] and not quoted]
        got = None
        try:
            check_records(io.BytesIO(text.encode()), ",", 2, "rows.csv")
        except DataError as error:
            got = error.got
        if not whole:
            assert got is not None, text
            assert "open still at the end" in got, (text, got)
        elif not wrong or len(trailing) == len(wrong) == len(rows) - 1:
            assert got is None, (text, got)
        else:
            assert got is not None, text
            assert got.startswith(f"{len(wrong[0])} in line "), (text, got)


@pytest.mark.parametrize("block", [8, 2**24])
@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"a,b,c\n1,234,5,x\n1,2,3\n9,999,1,y\n", "4 in line 2, 4 in line 4"),
        (b"a,b,c\r\n1,2\r\n\r\n1,2,3\r\n", "2 in line 2"),
        (b"a,b,c\r1,2,3\r1,2\r", "2 in line 3"),
        (b'a,b,c\n1,"2\n2",3\n1,2\n', "2 in line 4"),
        (b'a,b,c\n1,2" wide,3\n1,2\n', "2 in line 3"),
        (b"a,b,c\n1,2,3,\n1,2,3\n", "4 in line 2"),
        (b"a,b,c\n1,2,3\n1,\0,3\n\0,,\n", "NUL characters in lines 3"),
        (b'a,b,c\n1,2"x\0,3\n', "NUL characters in line 2"),
        ("a,b,c\n1,2,3\n1,gr\u00fcn,3\n".encode("latin-1"), "the byte 0xfc in line 3"),
        ('a,b,c\n1,2,3\n1,2"gr\u00fcn,3\n'.encode("latin-1"), "the byte 0xfc in line"),
    ],
)
def test_records_that_are_not_whole_are_named_by_line(monkeypatch, block, content, got):
    monkeypatch.setattr(csv_records, "_BLOCK", block)
    assert refused(content).got.startswith(got)


def test_many_wrong_lines_are_counted():
    error = refused(b"a,b,c\n" + b"1,234,x,y\n" * 600)
    assert error.got == "4 in line 2, 4 in line 3, 4 in line 4, 4 in line 5, 4 in line 6 and so on in 595 more"
    assert "put quotes around" in error.fix


@pytest.mark.parametrize("start", [b"", b'1,2" wide,3\n'])
def test_a_line_without_an_end_is_not_read_to_its_end(monkeypatch, start):
    monkeypatch.setattr(csv_records, "_BLOCK", 2**10)
    monkeypatch.setattr(csv_records, "LONGEST", 2**14)
    content = io.BytesIO(b"a,b,c\n" + start + b"x" * 2**20)
    with pytest.raises(DataError, match="a longer one from line"):
        check_records(content, ",", 3, "rows.csv")
    assert content.tell() < 2**16


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("a;b;label\n1,5;2;x\n", (";", ",")),
        ("a;b;label\n1.5;2;x\n", (";", ".")),
        ("a\tb\tlabel\n1,5\t2\tx\n", ("\t", ",")),
        ("a|b|label\n1|2|x\n", ("|", ".")),
        ("a,b,label\n1,2,x\n", (",", ".")),
        ('"a;b;c",label\n"1;2;3",x\n', (",", ".")),
        ("a;b,label\n1;2,x\n", (",", ".")),
        ("price,colour\n1,234,red\n", None),
    ],
)
def test_the_separator_is_recognised(content, form):
    if form is None:  # and is no other where rows have more fields than the header
        with pytest.raises(DataError, match="2 fields in every line"):
            csv_form(io.BytesIO(content.encode()), "rows.csv")
        return
    found = csv_form(io.BytesIO(content.encode()), "rows.csv")
    assert (found.separator, found.decimal) == form


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "n;t;label\r\n1,5;u;x\r\n;v;y\r\n", "fields between semicolons, decimal commas"),
        ("a.tsv", "n\tt\tlabel\n1.5\tu\tx\n\tv\ty\n", "fields between tabs"),
        ("a.csv", "\ufeffn,t,label\n1.5,u,x\n,v,y\n", ""),
        ("a.csv", '\ufeff"n","t","label"\n"1.5","u","x"\n"","v","y"\n', ""),
        ("a.csv", "n,t,label\r1.5,u,x\r,v,y", ""),
        ("a.csv", "n,t,label\n1.5,u,x\r\n\n,v,y\r", ""),
        ("a.csv", "n,t,label\n1.5,u,x,\n,v,y,\n", ""),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_one_table_in_many_forms(tmp_path, name, content, said, encoding):
    (tmp_path / name).write_bytes(content.encode(encoding) if encoding == "utf-8" else content.lstrip("\ufeff").encode(encoding))
    domain = read(SourceSpec(path=str(tmp_path / name)), "source")
    assert domain.read_as == said
    assert domain.rows["n"].tolist()[0] == 1.5
    assert np.isnan(domain.rows["n"][1])
    assert domain.rows["t"].tolist() == ["u", "v"]
    assert domain.classes == ("x", "y")


@pytest.mark.parametrize(
    ("cells", "numbers"), [(["1.234,5", "2.345,0"], [1234.5, 2345.0]), (["1.234.567", "2.345.678"], [1234567.0, 2345678.0])]
)
def test_semicolons_let_thousands_through(tmp_path, cells, numbers):
    (tmp_path / "a.csv").write_text(f"n;m;label\n{cells[0]};1,5;x\n{cells[1]};2,5;y\n")
    domain = read(SourceSpec(path=str(tmp_path / "a.csv")), "source")
    assert domain.rows["n"].tolist() == numbers
    assert domain.rows["m"].tolist() == [1.5, 2.5]
