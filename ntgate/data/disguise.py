"""What a file is that is not what its name says: pages of errors, pointers to files that were not fetched, workbooks."""

from __future__ import annotations

import codecs
from typing import IO

from ntgate.errors import DataError

BEGINNING = 64  # bytes
_FIX = "write the table itself, as csv or parquet"
# How files begin, what they are then, and what to do.
_KNOWN = (
    (b"version https://git-lfs", "the pointer of a file in Git LFS", "fetch the file with git lfs pull"),
    (b"<!doctype html", "a web page", "download the file itself; perhaps one has to sign in for it"),
    (b"<html", "a web page", "download the file itself; perhaps one has to sign in for it"),
    (b"<?xml", "XML, perhaps the answer of a server that refused", "download the file itself"),
    (b"PK\x03\x04", "a zip archive or a workbook", "unpack it, or save the sheet as csv"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an older Excel", "save the sheet as csv"),
    (b"\x1f\x8b", "a file packed by gzip", "call it .gz"),
    (b"PAR1\x15", "a parquet file", "call it .parquet, or set format"),
    (b"\x93NUMPY", "an npy file", "save x and y with numpy.savez"),
    (b"\x89HDF", "an HDF5 file", _FIX),
    (b"ARROW1\0", "an Arrow file", _FIX),
    (b"SQLite format 3\0", "an SQLite database", _FIX),
    (b"%PDF-", "a PDF", _FIX),
)


def disguised(start: bytes) -> tuple[str, str] | None:
    """What a file is that begins so, and what to do; None where nothing is known of it.

    >>> disguised(b"version https://git-lfs.github.com/spec/v1"), disguised(b"amount,label")
    (('the pointer of a file in Git LFS', 'fetch the file with git lfs pull'), None)
    """
    bare = start.removeprefix(codecs.BOM_UTF8).lstrip()
    page = bare.lower() if bare.startswith(b"<") else bare
    return next(((what, fix) for begin, what, fix in _KNOWN if page.startswith(begin)), None)


def refuse_disguised(file: IO[bytes], where: str, expected: str) -> None:
    """Refuse a file that is surely another kind of file than the one expected; its position is the begin thereafter.

    Raises:
        DataError: saying what it is.
    """
    file.seek(0)
    found = disguised(file.read(BEGINNING))
    file.seek(0)
    if found is not None:
        what, fix = found
        raise DataError(where, expected=expected, got=what, fix=fix)
