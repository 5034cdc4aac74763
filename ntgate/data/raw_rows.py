"""Rows of a file as people see them: the columns of a table, or the pictures."""

from __future__ import annotations

import base64
import io
import mimetypes
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from ntgate.data.domain import Domain
from ntgate.data.location import locate
from ntgate.data.specs import SourceSpec
from ntgate.data.table_files import table_files

if TYPE_CHECKING:
    import pandas as pd

_MOST_VALUES = 1_000  # columns of an array that is written out


@dataclass(frozen=True, eq=False)
class RawRows:
    """Some rows of a file.

    Attributes:
        table: their columns, without the label; of pictures where they lie.
        pictures: each as a ``data:`` address; None: they are no pictures.
    """

    table: pd.DataFrame
    pictures: list[str] | None = None


def raw_rows(spec: SourceSpec, domain: Domain, index: np.ndarray[tuple[int], np.dtype[np.int64]]) -> RawRows:
    """The rows at ``index`` of what was read from ``spec`` as ``domain``, in that order.

    Raises:
        DataError: when the file cannot be read any more.
    """
    import pandas as pd

    at = domain.numbers[index]
    suffix = PurePosixPath(spec.path).suffix.lower()
    if domain.kind == "table":
        frame = _frame(spec)
        return RawRows(frame.iloc[at].drop(columns=[spec.label], errors="ignore").reset_index(drop=True))
    assert isinstance(domain.rows, np.ndarray)
    if domain.kind == "images":
        if suffix == ".npz" or spec.reader is not None or spec.format == "npz":
            return RawRows(pd.DataFrame({"row": at}), [_png(pixels) for pixels in domain.rows[index]])
        place = locate(spec.path)
        from ntgate.data.read_images import pictures_below

        below = pictures_below(place)
        files = [below[i] for i in at.tolist()]
        return RawRows(pd.DataFrame({"path": files}), [_as_is(file, place.content(file)) for file in files])
    flat = domain.rows[index].reshape(len(index), -1)
    if flat.shape[1] > _MOST_VALUES:
        return RawRows(pd.DataFrame({"row": at}))
    return RawRows(pd.DataFrame(flat, columns=[f"x{i}" for i in range(flat.shape[1])]))


def _frame(spec: SourceSpec) -> pd.DataFrame:
    from ntgate.data.own_reader import read_with
    from ntgate.data.read_files import read_files
    from ntgate.data.read_parquet import in_pandas, read_parquet
    from ntgate.data.readers import format_at

    if spec.reader is not None:
        content = read_with(spec.reader, spec.path, spec.path)
        assert not isinstance(content, io.BytesIO)
        return content
    kind = format_at(spec, spec.path)
    if kind == "parquet":
        return in_pandas(read_parquet(*table_files(spec.path, spec.path), spec)[0], spec)
    return read_files(spec.path, spec, kind)[0]


def _png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    from PIL import Image

    packed = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(packed, "PNG")
    return _as_is("picture.png", packed.getvalue())


def _as_is(name: str, content: bytes) -> str:
    from PIL import Image

    kind = mimetypes.guess_type(name)[0]
    if kind is None or not kind.startswith("image/"):
        with Image.open(io.BytesIO(content)) as image:
            kind = image.get_format_mimetype() or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
