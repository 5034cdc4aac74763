"""npz and npy in the place of the target: archives and arrays that are not what they say."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hostile_inputs.canary import Canary
from hostile_inputs.hostile_input import HostileInput, Place, validating
from hostile_inputs.project import rows

DOOR = "arrays"
_BAD = frozenset({5})
_X, _Y = rows("target")


def _npz(*, packed: bool = False, **arrays: Any) -> bytes:
    content = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(content, **{"x": _X, "y": _Y, **arrays})
    return content.getvalue()


def _npy(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def _members(members: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in {"y.npy": _npy(_Y), **members}.items():
            archive.writestr(name, member)
    return content.getvalue()


def _headed(header: bytes, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """An npz whose x has a header of one's own."""
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return _members({"x.npy": b"\x93NUMPY" + bytes(version) + length + header + data})


def _declared(shape: Any, data: bytes = b"", dtype: Any = "<f4") -> bytes:
    return _headed(repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode(), data)


def _raw(packed: bytes, *, method: int = 0, size: int | None = None, flags: int = 0, name: bytes = b"x.npy") -> bytes:
    """A zip archive of one member, with what it says of itself as given."""
    size = len(packed) if size is None else size
    wide = size >= 2**32
    extra = struct.pack("<HHQ", 1, 8, size) if wide else b""
    shown = 2**32 - 1 if wide else size
    facts = struct.pack("<HHHHHIIIHH", 45, flags, method, 0, 0, zlib.crc32(packed), len(packed), shown, len(name), len(extra))
    local = b"PK\x03\x04" + facts + name + extra + packed
    central = b"PK\x01\x02" + struct.pack("<H", 45) + facts + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name + extra
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def _bomb(shape: tuple[int, ...], blocks: int) -> bytes:
    """``x`` of zeros, of which ``blocks`` MiB are there, in a thousandth of their size."""
    header = repr({"descr": "|u1", "fortran_order": False, "shape": shape}).encode()
    packer = zlib.compressobj(wbits=-15)
    start = packer.compress(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    size = 10 + len(header) + blocks * 2**20
    return _raw(start + once * blocks + packer.flush(), method=8, size=size)


def _damaged(first: int, last: int) -> bytes:
    content = bytearray(_npz(packed=True))
    content[first:last] = bytes(last - first)
    return bytes(content)


def _twice() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("x.npy", "x.npz", "y.npy"):
            archive.writestr(name, _npy(_X))
    return content.getvalue().replace(b"x.npz", b"x.npy")


_N = len(_Y)
FILES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no archive": lambda: b"no zip",
    "an empty archive": lambda: b"PK\x05\x06" + bytes(18),
    "an array alone": lambda: _npy(_X),
    "a pickle": lambda: b"\x80\x04K\x01.",
    "x alone": lambda: _members({"y.npy": b"", "x.npy": _npy(_X)}),
    "y alone": lambda: _members({}),
    "a member that is text": lambda: _members({"x.npy": b"hallo"}),
    "a member out of the folder": lambda: _members({"../../x.npy": _npy(_X)}),
    "member twice": _twice,
    "a million members": lambda: _members({f"a{i}.npy": b"" for i in range(60_000)}),
    "encrypted": lambda: _raw(_npy(_X), flags=1),
    "unknown method": lambda: _raw(_npy(_X), method=99),
    "wrong size": lambda: _raw(_npy(_X), size=7),
    "size of 2**62": lambda: _raw(_npy(_X), size=2**62),
    "4 GiB of zeros": lambda: _bomb((4096, 2**20), 4096),
    "10 GiB of zeros that are not there": lambda: _bomb((10, 2**30), 1),
    "shape of 4 exabytes": lambda: _declared((10**12, 10**6)),
    "shape of 2**70": lambda: _declared((2**70, 2)),
    "negative shape": lambda: _declared((-1, 2)),
    "shape of truth": lambda: _declared((True, 2), bytes(8)),
    "shape of text": lambda: _declared(("2", 2), bytes(16)),
    "shape of 100 axes": lambda: _declared((1,) * 100, bytes(4)),
    "shape of no rows and many columns": lambda: _declared((0, 10**9)),
    "data too short": lambda: _declared((_N, 20), bytes(100)),
    "header 5,000 deep": lambda: _headed(b"(" * 5000),
    "header of minus signs": lambda: _headed(b"-" * 9000 + b"1"),
    "header of 20,000 blanks": lambda: _headed(b"{" + b" " * 20_000),
    "header of 4 GB": lambda: _headed(b"", version=(2, 0)),
    "header of a list": lambda: _headed(b"[1, 2]"),
    "header that calls": lambda: _headed(b"{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,)}"),
    "header of version 9": lambda: _headed(b"{}", version=(9, 9)),
    "unknown dtype": lambda: _declared((2, 2), dtype="<q17"),
    "dtype of a gigabyte a value": lambda: _declared((1,), dtype="|V1073741824"),
    "dtype of objects": lambda: _declared((_N, 20), bytes(100), dtype="|O"),
    "dtype of records": lambda: _npz(x=np.zeros(_N, dtype=[("a", "f4"), ("b", "f4")])),
    "dtype nested deep": lambda: _declared((2,), dtype=[("a", [("a", [("a", [("a", "<f4")])])])]),
    "x of texts": lambda: _npz(x=np.full((_N, 20), "a")),
    "x of times": lambda: _npz(x=np.full((_N, 20), np.datetime64("2024-01-01"))),
    "x complex": lambda: _npz(x=_X * 1j),
    "x infinite": lambda: _npz(x=np.where(_X > 2, np.inf, _X)),
    "x NaN": lambda: _npz(x=np.where(_X > 2, np.nan, _X)),
    "x 1e300": lambda: _npz(x=np.where(_X > 2, 1e300, _X.astype(np.float64))),
    "x of no columns": lambda: _npz(x=np.zeros((_N, 0), np.float32)),
    "x of no rows": lambda: _npz(x=_X[:0], y=_Y[:0]),
    "x a number": lambda: _npz(x=np.float32(3)),
    "x one axis": lambda: _npz(x=_X[:, 0]),
    "x five axes": lambda: _npz(x=_X.reshape(_N, 2, 2, 5, 1)),
    "x one column less": lambda: _npz(x=_X[:, 1:]),
    "y too few": lambda: _npz(y=_Y[:3]),
    "y one row": lambda: _npz(x=_X[:1], y=_Y[:1]),
    "y one class": lambda: _npz(y=_Y * 0),
    "y other classes": lambda: _npz(y=_Y + 7),
    "y a class a row": lambda: _npz(y=np.arange(_N)),
    "y inf": lambda: _npz(y=np.where(_Y > 0, np.inf, 0)),
    "y NaN": lambda: _npz(y=np.where(_Y > 0, np.nan, 0)),
    "y 1e300": lambda: _npz(y=np.where(_Y > 0, 1e300, 0)),
    "y 2**63": lambda: _npz(y=np.where(_Y > 0, 2.0**63, 0)),
    "y fractions": lambda: _npz(y=_Y + 0.5),
    "y complex": lambda: _npz(y=_Y * 1j),
    "y times": lambda: _npz(y=np.full(_N, np.datetime64("2024-01-01"))),
    "y not a time": lambda: _npz(y=np.full(_N, np.datetime64("NaT"))),
    "y one-hot": lambda: _npz(y=np.eye(2)[_Y]),
    "y NUL": lambda: _npz(y=np.where(_Y > 0, "a\0b", "c")),
    "y no UTF-8": lambda: _npz(y=np.where(_Y > 0, b"\xff", b"c")),
    "y a number": lambda: _npz(y=3),
    "csv": lambda: b"x0,label\n1,a\n2,b\n",
    "rubbish before": lambda: b"rubbish" * 1000 + _npz()[:500],
    **{
        f"cut at {share} %": partial(lambda share: _npz()[: len(_npz()) * share // 100], share) for share in (1, 20, 60, 80, 95, 99)
    },
    **{f"zeros from byte {first}": partial(_damaged, first, first + 300) for first in (0, 60, 400, 1200)},
}


def inputs() -> Iterator[HostileInput]:
    """Each as the target of a run on arrays; pickles that run code, and what is no file."""
    for name, make in FILES.items():
        yield HostileInput(DOOR, name, partial(_made, "hostile.npz", make), _BAD, several=True)
    for name in ("x", "y"):
        yield HostileInput(DOOR, f"{name} a pickle that runs code", partial(_pickled, name), _BAD, several=True)
    for suffix in ("npy", "csv", "parquet", "jsonl", "tsv", "xlsx", "npz.gz", "csv.gz", "png", "pt", "h5", ""):
        file = f"hostile.{suffix}".rstrip(".")
        codes = frozenset({0, 5}) if suffix == "" else _BAD
        yield HostileInput(DOOR, f"npz called {suffix or 'nothing'}", partial(_made, file, _npz), codes, several=True)
    for kind in (
        "pipe",
        "link to itself",
        "device",
        "endless random bytes",
        "folder",
        "socket of the kernel",
        "memory",
        "terminal",
    ):
        codes = frozenset({2, 5}) if kind == "link to itself" else _BAD  # it is no path already
        for suffix in ("npz", "csv", "parquet", "jsonl", "csv.gz"):
            yield HostileInput(DOOR, f"a {kind} called {suffix}", partial(_no_file, kind, suffix), codes, several=True)
    for name, path in {
        "a kernel's table": "/proc/kallsyms",
        "the environment": "/proc/self/environ",
        "memory": "/proc/self/mem",
        "a device": "/dev/zero",
        "random": "/dev/urandom",
        "standard input": "/dev/stdin",
        "a descriptor": "/proc/self/fd/1",
        "a name of 5,000 letters": "a" * 5000 + ".csv",
        "an unknown kind of address": "no-such-kind://a.csv",
        "a chain of addresses": "simplecache::zip://a.csv::file://target.csv",
        "a shell's pipe": "|touch canary",
        "a pattern of nothing": "*.nothing",
        "a pattern that repeats": "*" * 500 + ".csv",
        "open bracket": "[a.csv",
        "a host that is not there": "http://127.0.0.1:1/a.csv",
        "a host of labels": "http://" + "a." * 200 + "/a.csv",
        "a port that is none": "http://127.0.0.1:99999/a.csv",
        "ssh": "sftp://127.0.0.1:1/a.csv",
        "the reader's own": "reference://a.json",
        "memory of fsspec": "memory://a.csv",
        "a command of git": "git://a:b@/c.csv",
    }.items():
        config = "tables.yaml" if "csv" in path else "arrays.yaml"
        make = partial(_at, config, path)
        yield HostileInput(DOOR, f"a path to {name}", make, frozenset({2, 5, 6}), several=True)


def _made(file: str, make: Callable[[], bytes], place: Place) -> list[str]:
    place.write(file, make())
    return list(validating("arrays.yaml", f"data.target.path={file}"))


def _pickled(name: str, place: Place) -> list[str]:
    objects = np.empty(_N, dtype=object)
    objects[:] = [Canary(place.canary) for _ in range(_N)]
    return _made("hostile.npz", lambda: _npz(**{name: objects}), place)


def _at(config: str, path: str, _: Place) -> list[str]:
    return list(validating(config, f"data.target.path={path}"))


def _no_file(kind: str, suffix: str, place: Place) -> list[str]:
    path = place.folder / f"hostile.{suffix}"
    _make_no_file(kind, path)
    return list(validating("arrays.yaml" if suffix == "npz" else "tables.yaml", f"data.target.path={path.name}"))


def _make_no_file(kind: str, path: Path) -> None:
    links = {
        "link to itself": path.name,
        "device": "/dev/zero",
        "endless random bytes": "/dev/urandom",
        "socket of the kernel": "/proc/kmsg",
        "memory": "/proc/self/mem",
        "terminal": "/dev/ptmx",
    }
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(links[kind])
