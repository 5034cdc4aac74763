"""The arrays inside an npz file: each is judged by what it declares before a byte of it is unpacked."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from dataclasses import dataclass
from tokenize import TokenError
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.columns import repeated
from ntgate.data.disguise import refuse_disguised
from ntgate.data.limits import Limits
from ntgate.errors import DataError

_LONGEST_HEADER = 10_000  # bytes
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_FOREIGN = {
    b"\x93NUMPY": "an npy file, which holds one array alone",
    b"\x80": "a pickle, which could run code",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a parquet file",
    b"\x1f\x8b": "a gzip file",
}
# What a damaged or hostile archive makes zipfile, zlib, lzma and numpy raise.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    AttributeError,
    TypeError,
    SyntaxError,
    IndexError,
    RecursionError,
    OverflowError,
    struct.error,
    NotImplementedError,
    RuntimeError,
)


@dataclass(frozen=True)
class Declared:
    """What the header of an array says of it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """Bytes that the array takes."""
        return math.prod(self.shape) * self.dtype.itemsize


class Npz:
    """The arrays of an open npz file by name, none of them read yet.

    Raises:
        DataError: when it is no zip archive.
    """

    def __init__(self, file: IO[bytes], where: str, limits: Limits) -> None:
        self.where = where
        self.limits = limits
        start = file.read(8)
        file.seek(0)
        for sign, kind in _FOREIGN.items():
            if start.startswith(sign):
                raise DataError(where, expected="an npz file", got=kind, fix="save the arrays x and y together with numpy.savez")
        if not start.startswith(b"PK"):
            refuse_disguised(file, where, "an npz file")
        try:
            self._archive = zipfile.ZipFile(file)
        except _FAULTS as error:
            raise self._damaged(error) from error
        names = [entry.filename.removesuffix(".npy") for entry in self._archive.infolist()]
        if len(set(names)) < len(names):
            twice = repeated(names)
            raise DataError(where, expected="every array once", got=f"{', '.join(twice[:5])} twice", fix="write it again")
        self.names = tuple(names)
        self._entries = dict(zip(names, self._archive.infolist(), strict=True))

    def read(self, name: str) -> npt.NDArray[Any]:
        """The array called ``name``, which has to be among ``names``.

        Raises:
            DataError: when it is damaged, encrypted, not numbers or text, or would unpack to what nobody meant to store.
        """
        entry = self._entries[name]
        subject = f"{self.where}: {name}"
        if entry.flag_bits & 1:
            raise DataError(subject, expected="an array", got="an encrypted one", fix="write it again without a password")
        if entry.compress_type not in _METHODS:
            raise DataError(
                subject,
                expected="an array",
                got=f"one packed by the unknown method {entry.compress_type}",
                fix="write it again with numpy.savez_compressed",
            )
        try:
            with self._archive.open(entry) as member:
                declared = _header(member)
                rest = entry.file_size - member.tell()
                if not declared.dtype.hasobject:
                    self._check(subject, declared, rest, entry)
                member.seek(0)
                return np.lib.format.read_array(member, allow_pickle=False, max_header_size=_LONGEST_HEADER)
        except DataError:
            raise
        except _FAULTS as error:
            if "pickle" in str(error).lower() or "Object arrays" in str(error):
                raise DataError(
                    self.where,
                    expected="arrays of numbers or text",
                    got="pickled objects, which could run code",
                    fix="save x as numbers and y as integers or text",
                ) from error
            raise self._damaged(error) from error

    def _check(self, subject: str, declared: Declared, rest: int, entry: zipfile.ZipInfo) -> None:
        if min(declared.shape, default=0) < 0 or declared.size != rest:
            raise DataError(
                subject,
                expected=f"the {declared.size} bytes of shape {declared.shape}"[:200],
                got=f"{rest}",
                fix="write it again with numpy.savez",
            )
        self.limits.check(subject, unpacked=declared.size, packed=entry.compress_size)

    def _damaged(self, error: Exception) -> DataError:
        said = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())[:200]
        said = said or type(error).__name__
        return DataError(self.where, expected="an npz file", got=f"a damaged file ({said})", fix="write it again with numpy.savez")


def _header(member: IO[bytes]) -> Declared:
    version = np.lib.format.read_magic(member)
    length_of_length = 2 if version == (1, 0) else 4
    length = int.from_bytes(member.read(length_of_length), "little")
    if length > _LONGEST_HEADER:
        raise ValueError(f"a header of {length:,} bytes")
    member.seek(member.tell() - length_of_length)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, _, dtype = read(member, max_header_size=_LONGEST_HEADER)  # 3.0 differs in the names of fields alone
    except (MemoryError, TokenError):  # what the parser says of deep nesting
        raise ValueError("a nested header") from None
    return Declared(tuple(map(int, shape)), dtype)
