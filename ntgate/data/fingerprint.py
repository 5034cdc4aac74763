"""Fingerprints of rows and of domains, by content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain

if TYPE_CHECKING:
    import pandas as pd

_BYTES = 16  # 128 bits: no two of 1e9 different rows collide by chance (probability 1e-21)


def row_fingerprints(domain: Domain) -> npt.NDArray[np.bytes_]:
    """One hash a row over its features, as ``S32`` hexadecimal text ``(n,)``; labels take no part.

    Negative zero counts as zero, every NaN as the same, and the order of a table's columns does not matter.

    >>> d = Domain("target", np.array([[0.0], [-0.0], [1.0]], np.float32), None)
    >>> a, b, c = row_fingerprints(d)
    >>> a == b, a == c
    (True, False)
    """
    contents = _array_bytes(domain.rows) if isinstance(domain.rows, np.ndarray) else _table_bytes(domain.rows)
    return np.array([hashed(row) for row in contents], dtype=f"S{2 * _BYTES}")


def record_keys(domain: Domain) -> npt.NDArray[np.bytes_]:
    """As :func:`row_fingerprints`, with the ids of the rows where they have some: rows with another id are other records."""
    prints = row_fingerprints(domain)
    return prints if domain.ids is None else joined(prints, np.char.encode(domain.ids, "utf-8"))


def joined(prints: npt.NDArray[np.bytes_], beside: npt.NDArray[np.bytes_]) -> npt.NDArray[np.bytes_]:
    """One hash ``(n,)`` of each fingerprint and what stands beside it.

    >>> joined(np.array([b"a", b"a"]), np.array([b"1", b"2"])).dtype
    dtype('S32')
    """
    pairs = zip(prints.tolist(), beside.tolist(), strict=True)
    return np.array([hashed(one + b"\0" + other) for one, other in pairs], dtype=f"S{2 * _BYTES}")


def numbered(prints: npt.NDArray[np.bytes_]) -> npt.NDArray[np.bytes_]:
    """The fingerprints ``(n,)`` with those that stand again told apart by how often they stood before.

    The first stays as it is. So a set of such fingerprints says how often each row stands in it, and what two sets share is what
    both have of it.

    >>> first, other, again = numbered(np.array([b"a", b"b", b"a"], "S32"))
    >>> first, other, again == first
    (np.bytes_(b'a'), np.bytes_(b'b'), False)
    """
    _, inverse = np.unique(prints, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    ranked = inverse[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=-1))
    before = np.empty(len(prints), np.int64)
    before[order] = np.arange(len(prints)) - np.repeat(starts, np.diff(starts, append=len(prints)))
    found, again = prints.astype(f"S{2 * _BYTES}"), np.flatnonzero(before)
    found[again] = joined(prints[again], np.char.encode(before[again].astype(np.str_), "ascii"))
    return found


def fingerprint(domain: Domain) -> str:
    """SHA-256 over the rows with their label names, whatever their order; as 64 hexadecimal digits."""
    prints = row_fingerprints(domain)
    names = np.array([b""] * len(domain) if domain.y is None else [domain.classes[code].encode() for code in domain.labels])
    digest = hashlib.sha256(f"{domain.kind} {len(domain)}".encode())
    for line in sorted(row + b" " + name for row, name in zip(prints.tolist(), names.tolist(), strict=True)):
        digest.update(line + b"\n")
    return digest.hexdigest()


def hashed(content: bytes | memoryview) -> str:
    """BLAKE2b of 128 bits, as 32 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=_BYTES).hexdigest()


def _array_bytes(rows: npt.NDArray[np.float32] | npt.NDArray[np.uint8]) -> list[memoryview]:
    plain = np.ascontiguousarray(rows).reshape(len(rows), -1)
    if plain.dtype != np.uint8:
        plain = np.add(plain, 0.0, dtype=np.float32)  # turns -0.0 into 0.0
    view = memoryview(plain.view(np.uint8).reshape(-1))  # type: ignore[arg-type]
    width = plain.shape[1] * plain.dtype.itemsize
    return [view[i * width : (i + 1) * width] for i in range(len(plain))]


def _table_bytes(frame: pd.DataFrame) -> list[bytes]:
    names = sorted(frame.columns)
    numeric = [name for name in names if frame[name].dtype == np.float32]
    exact = [name for name in names if frame[name].dtype == np.float64]
    texts = [name for name in names if frame[name].dtype.kind != "f"]
    values = np.empty((len(frame), 0), np.float32)
    if numeric:
        values = np.ascontiguousarray(frame[numeric].to_numpy(dtype=np.float32)) + np.float32(0.0)
        values[np.isnan(values)] = np.nan
    if exact:
        finer = np.ascontiguousarray(frame[exact].to_numpy(dtype=np.float64)) + 0.0
        finer[np.isnan(finer)] = np.nan
        values = np.hstack([values, finer.view(np.float32)])
    columns = [frame[name].tolist() for name in texts]
    joined = ["\x1f".join(cells).encode() for cells in zip(*columns, strict=True)] if texts else [b""] * len(frame)
    return [row.tobytes() + text for row, text in zip(values, joined, strict=True)]
