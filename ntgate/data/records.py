"""Records: rows as their file holds them, before any setting of ntgate touches them, as the ledger knows them again.

What the config leaves out, resizes or calls something else makes no row another one. A record has two fingerprints: without its
label, so that a label that was corrected does not make it another, and with it, so that another choice of the label column does
not either. A number is a number in every format: 1, 1.0 and "1" are alike, 0.0 and -0.0, and every way of having no value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ntgate.data.fingerprint import hashed, numbered, record_keys, row_fingerprints

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

    from ntgate.data.domain import Domain

Cells: TypeAlias = npt.NDArray[np.uint64]
_WHOLE = 2.0**53  # whole numbers up to here are exact; all other numbers are compared as float32


@dataclass(frozen=True, eq=False)
class RowKeys:
    """What the ledger knows ``n`` rows by: a row is known again by any of its keys.

    Attributes:
        keys: hexadecimal fingerprints ``(n, k)``.
        kept: how many of them, from the left, are written down; the others are only looked up.
    """

    keys: npt.NDArray[np.bytes_]
    kept: int

    def take(self, index: npt.NDArray[np.int64]) -> RowKeys:
        """Those of the rows at ``index``."""
        return RowKeys(self.keys[index], self.kept)


def row_keys(domain: Domain) -> RowKeys:
    """The keys of a domain's rows: of their records, then of their features as the config has them.

    Ledgers of earlier versions know rows by their features alone. By features rows are also known again where their file was given
    another column; of equal rows of a discrete table, or of rows with ids, other records have the same features, so there they are
    looked up and not written down. A row that stands ``k`` times has ``k`` different keys of each kind.
    """
    features = numbered(row_fingerprints(domain))
    if domain.records is None:
        if domain.ids is None:
            return RowKeys(features[:, None], 1)
        return RowKeys(np.stack([numbered(record_keys(domain)), features], axis=1), 2)
    keys = np.stack([*(numbered(column) for column in domain.records.T), features], axis=1)
    return RowKeys(keys, 2 if domain.drawn or domain.ids is not None else 3)


def table_records(frame: pd.DataFrame, label: str) -> npt.NDArray[np.bytes_]:
    """The records ``(n, 2)`` of a table as it was read, without and with the label; the order of the columns does not matter.

    >>> import pandas as pd
    >>> one = table_records(pd.DataFrame({"a": [1.0], "b": [None], "y": ["p"]}), "y")
    >>> other = table_records(pd.DataFrame({"b": [""], "y": ["n"], "a": ["1"]}), "y")
    >>> (one == other).tolist()
    [[True, False]]
    """
    cells = {str(name): _cells(frame[name].to_numpy()) for name in sorted(frame.columns, key=str)}
    return _both([column for name, column in cells.items() if name != label], list(cells.values()))


def array_records(arrays: Mapping[str, npt.NDArray[Any]], label: str = "y") -> npt.NDArray[np.bytes_]:
    """As :func:`table_records`, of the arrays of an npz file: ``x`` flattened, then all others that have a value a row.

    >>> x = np.array([[1.0, 2.0]])
    >>> table = table_records(__import__("pandas").DataFrame({"a": [1], "b": [2], "label": [0]}), "label")
    >>> bool(array_records({"x": x, "y": np.array([0])})[0, 0] == table[0, 0])
    True
    """
    x = arrays["x"]
    features = list(_cells(x.reshape(len(x), -1)).T)
    beside = {name: _cells(one) for name, one in sorted(arrays.items()) if name != "x" and one.shape == (len(x),)}
    without = [*features, *(column for name, column in beside.items() if name != label)]
    return _both(without, [*features, *beside.values()])


def image_record(image: Image.Image) -> bytes:
    """The record of a picture: its pixels in their own size, however they are stored."""
    deep = image.mode.startswith(("I", "F"))
    pixels = np.asarray(image if deep else image.convert("RGBA"))
    return hashed(f"{pixels.shape} {pixels.dtype} ".encode() + pixels.tobytes()).encode()


def _both(without: Sequence[Cells], whole: Sequence[Cells]) -> npt.NDArray[np.bytes_]:
    found = []
    for columns in (without, whole):
        rows = np.ascontiguousarray(np.stack(columns, axis=1)) if columns else np.zeros((len(whole[0]), 0), np.uint64)
        found.append([hashed(row.tobytes()) for row in rows])
    return np.array(found, dtype="S32").T.copy()


def _cells(values: npt.NDArray[Any]) -> Cells:
    """Each value as 64 bits, the same for the same value in every format."""
    if values.dtype.kind in "fiub":
        return _numbers(values)
    import pandas as pd

    flat = pd.Series(values.reshape(-1))
    if values.dtype.kind in "mM":
        flat = flat.astype(str).where(flat.notna(), None)
    try:
        codes, known = pd.factorize(flat.to_numpy(), use_na_sentinel=True)
    except TypeError:  # lists, and what else cannot be hashed
        codes, known = pd.factorize(flat.map(str).to_numpy(), use_na_sentinel=True)
    cells = np.array([_cell(value) for value in known.tolist()] + [_cell(None)], dtype=np.uint64)
    return cells[codes].reshape(values.shape)


def _numbers(values: npt.NDArray[Any]) -> Cells:
    with np.errstate(over="ignore", invalid="ignore"):
        exact = values.astype(np.float64)
        whole = (np.abs(exact) <= _WHOLE) & (exact == np.round(exact))
        plain = np.where(whole, exact, exact.astype(np.float32).astype(np.float64)) + 0.0  # turns -0.0 into 0.0
    plain[np.isnan(plain)] = np.nan
    return np.ascontiguousarray(plain).view(np.uint64)


def _cell(value: Any) -> int:
    text = "" if value is None else str(int(value) if isinstance(value, bool) else value).strip()
    if not text or isinstance(value, float):
        return int(_numbers(np.array([np.nan if not text else value]))[0])
    try:
        return int(_numbers(np.array([float(text)]))[0]) if text.lower() not in ("nan", "inf", "infinity") else _text(text)
    except ValueError:
        return _text(text)


def _text(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
