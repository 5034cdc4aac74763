"""Rows to measure, wherever they lie: an array, a memory map, a parquet file, or chunks that somebody hands over.

All of them become a :class:`Rows`: a known shape, and the rows in blocks of a wanted size, as often as they are asked for.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ntgate.errors import DataError

Array = npt.NDArray[Any]

_EXPECTED = "at least two finite rows of numbers, shape (n, d)"


class Rows:
    """Rows of one sample.

    Attributes:
        name: the argument they came by, for messages.
        shape: ``(n, d)``.
    """

    def __init__(
        self,
        name: str,
        shape: tuple[int, int],
        read: Callable[[int], Iterable[Array]],
        *,
        pick: Callable[[npt.NDArray[np.int64]], Array] | None = None,
    ) -> None:
        self.name, self.shape = name, shape
        self._read, self._pick = read, pick
        if shape[0] < 2 or shape[1] == 0:
            raise DataError(name, expected=_EXPECTED, got=f"shape {shape}", fix="check what is measured")

    def __len__(self) -> int:
        return self.shape[0]

    def blocks(self, size: int) -> Iterator[Array]:
        """The rows in order, ``size`` at a time and the last block shorter.

        Raises:
            DataError: when a row holds NaN or infinity, or there are no longer as many rows as there were.
        """
        seen, held, count = 0, [], 0
        for chunk in self._read(size):
            part = self._checked(chunk)
            seen += len(part)
            while len(part):
                taken = part[: size - count]
                held.append(taken)
                count += len(taken)
                part = part[len(taken) :]
                if count == size:
                    yield held[0] if len(held) == 1 else np.concatenate(held)
                    held, count = [], 0
        if seen != len(self):
            raise DataError(
                self.name, expected=f"{len(self)} rows as at first", got=f"{seen}", fix="do not change data in use"
            )
        if held:
            yield np.concatenate(held)

    def pick(self, positions: npt.NDArray[np.int64]) -> Array:
        """The rows at ascending ``positions``."""
        if self._pick is not None:
            return self._checked(self._pick(positions))
        found, start = [], 0
        for block in self.blocks(8192):
            low, high = np.searchsorted(positions, (start, start + len(block)))
            found.append(block[positions[low:high] - start].copy())
            start += len(block)
        return np.concatenate(found)

    def _checked(self, chunk: Array) -> Array:
        if chunk.ndim != 2 or chunk.shape[1] != self.shape[1]:
            raise DataError(
                self.name, expected=f"chunks of width {self.shape[1]}", got=f"shape {chunk.shape}", fix="use one width"
            )
        _numeric(chunk, self.name)
        # One NaN or infinity makes the sum one; a sum that merely overflows is looked at in detail.
        with np.errstate(over="ignore", invalid="ignore"):
            suspicious = chunk.dtype.kind == "f" and not np.isfinite(chunk.sum())
        if suspicious:
            wrong = int((~np.isfinite(chunk)).any(axis=1).sum())
            if wrong:
                raise DataError(
                    self.name, expected=_EXPECTED, got=f"NaN or infinity in {wrong} rows", fix="impute or remove them"
                )
        return chunk


def open_rows(value: Any, name: str) -> Rows:
    """Rows from an array, tensor or memory map ``(n, d)``, the path of a parquet file or folder, or chunks ``(k, d)``.

    Chunks may come from any iterable. One that can be read only once is first written to a temporary file, because the rows
    are looked at twice: for their scale, and for the test.

    Raises:
        DataError: naming the argument, when it holds no rows of numbers.
    """
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().float().numpy() if value.dtype == torch.bfloat16 else value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        return _of_array(value, name)
    if isinstance(value, str | os.PathLike):
        return _of_parquet(Path(value), name)
    if hasattr(value, "to_numpy"):
        return _of_array(value.to_numpy(), name)
    if isinstance(value, Iterable):
        return _of_chunks(value, name)
    raise DataError(name, expected=_EXPECTED, got=f"a {type(value).__name__}", fix="give an array")


def _of_array(array: Array, name: str) -> Rows:
    _numeric(array, name)
    if array.ndim != 2:
        raise DataError(name, expected=_EXPECTED, got=f"shape {array.shape}", fix="check what is measured")
    root = _mapped(array)

    def read(size: int) -> Iterator[Array]:
        for start in range(0, len(array), size):
            _still_there(root, name)
            yield array[start : start + size]

    def pick(positions: npt.NDArray[np.int64]) -> Array:
        _still_there(root, name)
        return np.asarray(array[positions])

    return Rows(name, (array.shape[0], array.shape[1]), read, pick=pick)


def _of_parquet(path: Path, name: str) -> Rows:
    import pyarrow as pa
    import pyarrow.dataset as ds

    try:
        dataset = ds.dataset(path, format="parquet")
        count = dataset.count_rows()
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(
            f"{name} ({path})",
            expected="a parquet file or folder",
            got=str(error).splitlines()[0],
            fix="check the path",
        ) from None
    for field in dataset.schema:
        if not (pa.types.is_floating(field.type) or pa.types.is_integer(field.type) or pa.types.is_boolean(field.type)):
            raise DataError(
                name, expected=_EXPECTED, got=f"column {field.name!r} of type {field.type}", fix="encode it as numbers"
            )

    def read(size: int) -> Iterator[Array]:
        # Few batches are read ahead: memory stays at some multiples of a batch, whatever the size of the file.
        for batch in dataset.to_batches(batch_size=size, batch_readahead=2, fragment_readahead=1):
            columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
            yield np.column_stack([column.astype(np.float32) for column in columns])

    return Rows(name, (count, len(dataset.schema)), read)


def _of_chunks(chunks: Iterable[Any], name: str) -> Rows:
    once = iter(chunks) is chunks
    if once:
        return _of_array(_spooled(chunks, name), name)
    count, width = 0, 0
    for chunk in chunks:
        part = _chunk(chunk, name)
        count, width = count + len(part), width or part.shape[1]

    def read(_: int) -> Iterator[Array]:
        # Copies: whoever makes the chunks may use one buffer for all of them.
        return (_chunk(chunk, name).copy() for chunk in chunks)

    return Rows(name, (count, width), read)


def _chunk(chunk: Any, name: str) -> Array:
    part = np.asarray(chunk)
    _numeric(part, name)
    if part.ndim != 2:
        raise DataError(name, expected="chunks of shape (k, d)", got=f"shape {part.shape}", fix="give rows in chunks")
    return part


def _spooled(chunks: Iterable[Any], name: str) -> Array:
    """The chunks in a file that has no name and vanishes with the map."""
    width, count = 0, 0
    with tempfile.TemporaryFile() as file:
        for chunk in chunks:
            part = np.ascontiguousarray(_chunk(chunk, name), dtype=np.float32)
            width = width or part.shape[1]
            if part.shape[1] != width:
                raise DataError(
                    name, expected=f"chunks of width {width}", got=f"shape {part.shape}", fix="use one width"
                )
            file.write(part.data)
            count += len(part)
        if count == 0 or width == 0:
            raise DataError(name, expected=_EXPECTED, got="no rows", fix="check what is measured")
        file.flush()
        return np.memmap(file, dtype=np.float32, mode="r", shape=(count, width))


def _numeric(array: Array, name: str) -> None:
    if array.dtype.kind not in "fiub":
        raise DataError(name, expected=_EXPECTED, got=f"dtype {array.dtype}", fix="encode the columns as numbers")


def _mapped(array: Array) -> np.memmap[Any, Any] | None:
    """The memory map that an array is a view of."""
    root: np.memmap[Any, Any] | None = None
    base: Any = array
    while isinstance(base, np.ndarray):
        root = base if isinstance(base, np.memmap) else root
        base = base.base
    return root


def _still_there(root: np.memmap[Any, Any] | None, name: str) -> None:
    """Refuse a map whose file has shrunk: to read beyond its end would kill the process."""
    if root is None or not isinstance(root.filename, str | os.PathLike):
        return
    needed = root.offset + root.nbytes
    try:
        size = os.path.getsize(root.filename)
    except OSError:
        return  # deleted, and alive as long as it is mapped
    if size < needed:
        raise DataError(
            name, expected=f"a file of {needed} bytes behind the memory map", got=f"{size} bytes",
            fix="do not shorten data in use",
        )  # fmt: skip
