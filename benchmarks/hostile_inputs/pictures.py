"""Folders of pictures: pictures that are none, that unpack to gigabytes, and what lies between them."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from PIL import Image

from hostile_inputs.hostile_input import HostileInput, Make, Place, validating

DOOR = "pictures"
_BAD = frozenset({5})
# One picture of many: it may be left out, which is said; or the folder be refused.
_LEFT_OUT_OR_BAD = frozenset({0, 5})
_ROW = b"\0" + bytes(2**16)


def _png(width: int, height: int, *chunks: tuple[bytes, bytes], rows: int = 0) -> bytes:
    """A PNG that says it has a size, grey, with so many rows of 65,536 zeros in it."""
    packer = zlib.compressobj(9)
    once = packer.compress(_ROW * min(rows, 256)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = once
    if rows > 256:
        again = packer.compress(_ROW * 256) + packer.flush(zlib.Z_FULL_FLUSH)
        packed += again * (rows // 256 - 1)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def _saved(kind: str, pixels: np.ndarray | None = None, **options: object) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.full((8, 8), 7, np.uint8) if pixels is None else pixels).save(content, kind, **options)
    return content.getvalue()


def _text_bomb() -> bytes:
    return _png(8, 8, (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2**28), 9)))


PICTURES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"no picture",
    "4 GB in 4 MB": lambda: _png(2**16, 2**16, rows=2**16),
    "1 GB in 1 MB": lambda: _png(2**16, 2**14, rows=2**14),
    "size of 2**31": lambda: _png(2**31 - 1, 2**31 - 1),
    "no size": lambda: _png(0, 0),
    "a comment of 256 MB": _text_bomb,
    "a chunk of 2 GB": lambda: _saved("PNG")[:8] + b"\x7f\xff\xff\xffIHDR" + bytes(50),
    "GIF of 65,535 squared": lambda: (
        b"GIF89a\xff\xff\xff\xff\x80\x00\x00" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x4c\x01\0;"
    ),
    "BMP of 2 billion squared": lambda: (
        b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0)
    ),
    "TIFF whose pages turn in a circle": lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0",
    "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(touch) run\n",
    "SVG with an entity": lambda: b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><svg>&b;</svg>',
    "PPM of 10**18": lambda: b"P6 1000000000 1000000000 255\n" + bytes(100),
    "ICO of itself": lambda: b"\0\0\1\0\1\0\0\0\0\0\1\0\x20\0\x10\0\0\0\x06\0\0\0",
    "a colour profile of rubbish": lambda: _png(8, 8, (b"iCCP", b"x\0\0" + zlib.compress(b"rubbish" * 100))),
    **{
        f"{kind} cut at {share} %": partial(
            lambda kind, share: _cut(_saved(kind, np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)), share),
            kind,
            share,
        )
        for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
        for share in (5, 50, 95)
    },
}

METADATA: dict[str, str | bytes] = {
    "out of the folder": "file_name,label\n../source-pictures/no/0.png,no\n../source-pictures/yes/0.png,yes\n",
    "by their whole path": "file_name,label\n/etc/passwd,no\n/etc/hostname,yes\n",
    "that are not there": "file_name,label\nnowhere.png,no\n",
    "of no label": "file_name\nno/0.png\n",
    "of no file": "label\nno\n",
    "with NUL": "file_name,label\nno/0.png\0,no\n",
    "twice": "file_name,label\n" + "no/0.png,no\nno/0.png,yes\n" * 10,
    "of 5,000 letters": f"file_name,label\n{'a' * 5000}.png,no\n",
    "in UTF-16": "file_name,label\nno/0.png,no\n".encode("utf-16-le"),
    "of nothing": "",
    "of a pipe": "file_name,label\n",
}


def inputs() -> Iterator[HostileInput]:
    """One bad picture among good ones and alone, tables of pictures, and folders that are none."""
    for name, make in PICTURES.items():
        yield HostileInput(DOOR, f"one of {name}", partial(_among, make), _LEFT_OUT_OR_BAD, several=True)
    for name in ("nothing", "4 GB in 4 MB", "size of 2**31", "PPM of 10**18", "PostScript", "PNG cut at 50 %"):
        yield HostileInput(DOOR, f"all of {name}", partial(_all, PICTURES[name]), _BAD, several=True)
    for name, text in METADATA.items():
        codes = _LEFT_OUT_OR_BAD if name == "of no label" else _BAD  # their folders say it
        yield HostileInput(DOOR, f"names {name}", partial(_named, name, text), codes, several=True)
    for name, folder in FOLDERS.items():
        yield HostileInput(DOOR, name, folder, _LEFT_OUT_OR_BAD if name in _HARMLESS else _BAD, several=True)


def _target() -> list[str]:
    return list(validating("pictures.yaml", "data.target.path=target-pictures"))


def _among(make: Callable[[], bytes], place: Place) -> list[str]:
    place.write("target-pictures/yes/5.png", make())
    return _target()


def _all(make: Callable[[], bytes], place: Place) -> list[str]:
    content = make()
    for path in (place.folder / "target-pictures").rglob("*.png"):
        path.write_bytes(content)
    return _target()


def _named(name: str, text: str | bytes, place: Place) -> list[str]:
    if name == "of a pipe":
        os.mkfifo(place.folder / "target-pictures" / "metadata.csv")
    else:
        place.write("target-pictures/metadata.csv", text)
    return _target()


def _linked(name: str, to: str, place: Place) -> list[str]:
    path = place.folder / "target-pictures" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)
    return _target()


def _pipe(place: Place) -> list[str]:
    os.mkfifo(place.folder / "target-pictures" / "yes" / "pipe.png")
    return _target()


def _one_class(place: Place) -> list[str]:
    for path in (place.folder / "target-pictures" / "no").iterdir():
        path.unlink()
    return _target()


def _deep(place: Place) -> list[str]:
    place.write("target-pictures/yes/" + "d/" * 500 + "0.png", _saved("PNG"))
    return _target()


def _many_classes(place: Place) -> list[str]:
    for i in range(3000):
        place.write(f"target-pictures/class {i}/0.png", _saved("PNG"))
    return _target()


def _odd_names(place: Place) -> list[str]:
    for name in ("\x1b[2J", "a\nb", "\u202eabc", "<script>", "'; drop table", " "):
        place.write(f"target-pictures/{name}/0.png", _saved("PNG"))
    return _target()


def _no_unicode(place: Place) -> list[str]:
    folder = os.path.join(os.fsencode(place.folder), b"target-pictures", b"\xff\xfe")
    os.mkdir(folder)
    with open(os.path.join(folder, b"\xff.png"), "wb") as file:
        file.write(_saved("PNG"))
    return _target()


FOLDERS: dict[str, Make] = {
    "a pipe among them": _pipe,
    "a device among them": partial(_linked, "yes/zero.png", "/dev/zero"),
    "memory among them": partial(_linked, "yes/mem.png", "/proc/self/mem"),
    "a link to itself among them": partial(_linked, "yes/loop.png", "loop.png"),
    "a class that is the folder above": partial(_linked, "yes/up", ".."),
    "a class that is all files": partial(_linked, "root", "/proc/self/root/proc"),
    "a class that is a device": partial(_linked, "zero", "/dev/zero"),
    "one class": _one_class,
    "500 folders deep": _deep,
    "3,000 classes": _many_classes,
    "classes with odd names": _odd_names,
    "a class that is no text": _no_unicode,
    "an empty folder": lambda place: (place.folder / "empty").mkdir() or validating("pictures.yaml", "data.target.path=empty"),  # type: ignore[func-returns-value]
    "a folder of a table": lambda _: validating("pictures.yaml", "data.target.path=runs"),
}
_HARMLESS = {*list(FOLDERS)[:6], "a class that is a device", "500 folders deep", "3,000 classes"}


def _cut(content: bytes, share: int) -> bytes:
    return content[: len(content) * share // 100]
