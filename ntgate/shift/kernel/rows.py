"""Rows to measure, wherever they lie: an array, a memory map, a parquet file, or chunks that somebody hands over.

All of them become a :class:`Rows`: a known shape, and the rows in blocks of a wanted size, as often as they are asked for.
Blocks are arrays, or, where the rows are on a GPU, tensors on it: of those only the few rows for their scale are ever copied.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError
from ntgate.shift.kernel.numpy_or_torch import as_array, is_tensor
from ntgate.shift.streamed.engine import Engine, Here
from ntgate.shift.streamed.partitions import Partitions, partitions

Array = npt.NDArray[Any]
Block = Any  # an array, or a tensor on a GPU

_EXPECTED = "at least two finite rows of numbers, shape (n, d)"


class Rows:
    """Rows of one sample.

    Attributes:
        name: the argument they came by, for messages.
        shape: ``(n, d)``.
        table: the parquet table they lie in, which others can read too; None: they are within this process's reach alone.
        device: of the tensors that blocks are; None: blocks are arrays.
    """

    def __init__(
        self,
        name: str,
        shape: tuple[int, int],
        read: Callable[[int], Iterable[Block]],
        *,
        pick: Callable[[npt.NDArray[np.int64]], Array] | None = None,
        table: Partitions | None = None,
        device: Any = None,
    ) -> None:
        self.name, self.shape, self.table, self.device = name, shape, table, device
        self._read, self._pick = read, pick
        if shape[0] < 2 or shape[1] == 0:
            raise DataError(name, expected=_EXPECTED, got=f"shape {shape}", fix="check what is measured")

    def __len__(self) -> int:
        return self.shape[0]

    def blocks(self, size: int) -> Iterator[Block]:
        """The rows in order, ``size`` at a time and the last block shorter.

        Raises:
            DataError: when a row holds NaN or infinity, or there are no longer as many rows as there were.
        """
        if self.device is not None:
            return (checked_tensor(block, self.name) for block in self._read(size))
        return in_blocks(self._read(size), self.shape, size, self.name)

    def pick(self, positions: npt.NDArray[np.int64], engine: Engine | None = None) -> Array:
        """The rows at ascending ``positions``; those of a table are looked for by the engine's workers."""
        if self.table is not None:
            return checked(self.table.at(positions, engine or Here()), self.shape[1], self.name)
        if self._pick is not None:
            return checked(self._pick(positions), self.shape[1], self.name)
        found, start = [], 0
        for block in self.blocks(8192):
            low, high = np.searchsorted(positions, (start, start + len(block)))
            found.append(np.array(block[positions[low:high] - start]))
            start += len(block)
        return np.concatenate(found)


def in_blocks(chunks: Iterable[Array], shape: tuple[int, int], size: int, name: str) -> Iterator[Array]:
    """Rows ``(n, d)`` that come in chunks of any length, ``size`` at a time and the last block shorter.

    Raises:
        DataError: when a row holds NaN or infinity, or there are not as many rows as ``shape`` says.
    """
    seen, held, count = 0, [], 0
    for chunk in chunks:
        part = checked(chunk, shape[1], name)
        seen += len(part)
        while len(part):
            taken = part[: size - count]
            held.append(taken)
            count += len(taken)
            part = part[len(taken) :]
            if count == size:
                yield held[0] if len(held) == 1 else np.concatenate(held)
                held, count = [], 0
    if seen != shape[0]:
        raise DataError(name, expected=f"{shape[0]} rows as at first", got=f"{seen}", fix="do not change data in use")
    if held:
        yield np.concatenate(held)


def checked(chunk: Array, width: int, name: str) -> Array:
    """The chunk, when it is finite numbers of this width.

    Raises:
        DataError: when it is not.
    """
    if chunk.ndim != 2 or chunk.shape[1] != width:
        raise DataError(name, expected=f"chunks of width {width}", got=f"shape {chunk.shape}", fix="use one width")
    _numeric(chunk, name)
    # One NaN or infinity makes the sum one; a sum that merely overflows is looked at in detail.
    with np.errstate(over="ignore", invalid="ignore"):
        suspicious = chunk.dtype.kind == "f" and not np.isfinite(chunk.sum())
    if suspicious:
        wrong = int((~np.isfinite(chunk)).any(axis=1).sum())
        if wrong:
            raise DataError(name, expected=_EXPECTED, got=f"NaN or infinity in {wrong} rows", fix="impute or remove them")
    return chunk


def checked_tensor(block: Any, name: str) -> Any:
    """The block, when it is finite.

    Raises:
        DataError: when it is not.
    """
    if not block.sum().isfinite() and (wrong := int((~block.isfinite()).any(dim=1).sum())):
        raise DataError(name, expected=_EXPECTED, got=f"NaN or infinity in {wrong} rows", fix="impute or remove them")
    return block


def of_tensor(tensor: Any, name: str) -> Rows:
    """Rows of a tensor ``(n, d)``, which stays on its device.

    Raises:
        DataError: when it holds no rows of real numbers.
    """
    if tensor.ndim != 2:
        raise DataError(name, expected=_EXPECTED, got=f"shape {tuple(tensor.shape)}", fix="check what is measured")
    if tensor.is_complex():
        raise DataError(name, expected=_EXPECTED, got=f"dtype {tensor.dtype}", fix="encode the columns as numbers")
    tensor = tensor.detach()
    if tensor.itemsize != 8 or not tensor.is_floating_point():
        tensor = tensor.float()

    def pick(positions: npt.NDArray[np.int64]) -> Array:
        return np.asarray(tensor[positions.tolist()].cpu())

    shape = (tensor.shape[0], tensor.shape[1])
    return Rows(name, shape, lambda size: iter(tensor.split(size)), pick=pick, device=tensor.device)


def open_rows(value: Any, name: str, *, keep: bool = False) -> Rows:
    """Rows from an array, tensor or memory map ``(n, d)``, the path of a parquet file or folder, or chunks ``(k, d)``.

    With ``keep`` a tensor stays on its device.

    Chunks may come from any iterable. One that can be read only once is first written to a temporary file, because the rows
    are looked at twice: for their scale, and for the test.

    Raises:
        DataError: naming the argument, when it holds no rows of numbers.
    """
    if isinstance(value, Partitions):
        return _of_parquet(value, name)
    if is_tensor(value) and keep:
        return of_tensor(value, name)
    if is_tensor(value):
        value = as_array(value)
    if isinstance(value, np.ndarray):
        return _of_array(value, name)
    if isinstance(value, str | os.PathLike):
        return _of_parquet(partitions(os.fspath(value), name), name)
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


def _of_parquet(table: Partitions, name: str) -> Rows:
    def read(size: int) -> Iterator[Array]:
        return table.whole().chunks(size)

    return Rows(name, (len(table), table.width), read, table=table)


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
                raise DataError(name, expected=f"chunks of width {width}", got=f"shape {part.shape}", fix="use one width")
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
            name, expected=f"a file of {needed} bytes behind the memory map", got=f"{size} bytes", fix="do not shorten data in use"
        )
