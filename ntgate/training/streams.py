"""Rows, and endless shuffled batches of them: indexed on the device where they fit, else gathered by workers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset


def floats(x: Tensor) -> Tensor:
    """Encoded rows as the networks want them: uint8 pixels become float32 in [0, 1], anything else is left as it is.

    >>> floats(torch.tensor([0, 255], dtype=torch.uint8))
    tensor([0., 1.])
    """
    return x.to(torch.float32, memory_format=torch.contiguous_format) / 255 if x.dtype == torch.uint8 else x


@dataclass(frozen=True, eq=False)
class Rows:
    """Encoded rows ``x`` ``(n, *shape)`` with labels ``y`` int64 ``(n,)``, or None where there are none.

    ``x`` is float32, or uint8 for pixels, which a :class:`Stream` and a network scale to [0, 1] on their device.
    """

    x: Tensor
    y: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def labels(self) -> Tensor:
        """The labels of labelled rows."""
        if self.y is None:
            raise ValueError("these rows have no labels")
        return self.y

    @property
    def bytes(self) -> int:
        """Memory that the rows take."""
        return self.x.nbytes + (0 if self.y is None else self.y.nbytes)

    def to(self, device: torch.device) -> Rows:
        """The same rows on ``device``."""
        return Rows(self.x.to(device, non_blocking=True), None if self.y is None else self.y.to(device, non_blocking=True))

    def take(self, index: Tensor) -> Rows:
        """The rows at ``index``."""
        return Rows(self.x.index_select(0, index), None if self.y is None else self.y.index_select(0, index))


class Order:
    """The order of rows: every row once, in a new order, before any row comes again.

    It is drawn on the CPU from an own generator, so that it is the same on every device and for any number of processes.

    >>> order = Order(5, batch_size=2, seed=0)
    >>> sorted(torch.cat([order.next() for _ in range(2)]).tolist() + order.next()[:1].tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, rows: int, batch_size: int, seed: int, processes: int = 1) -> None:
        self._rows = rows
        size = min(batch_size, rows)
        self._size = max(size - size % processes, processes)  # equal shares: the mean of their gradients is the batch's
        self._generator = torch.Generator().manual_seed(seed)
        self._ahead = torch.empty(0, dtype=torch.int64)

    def next(self) -> Tensor:
        """Indices of the next batch: ``batch_size`` of them, or as many as there are rows when those are fewer."""
        while len(self._ahead) < self._size:
            shuffled = torch.randperm(self._rows, generator=self._generator)
            self._ahead = torch.cat([self._ahead, shuffled])
        index, self._ahead = self._ahead[: self._size], self._ahead[self._size :]
        return index

    @property
    def size(self) -> int:
        """Rows of a batch."""
        return self._size

    def state(self) -> dict[str, Tensor]:
        """What :meth:`restore` needs to go on with the same order."""
        return {"generator": self._generator.get_state(), "order": self._ahead.clone()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a :meth:`state`."""
        self._generator.set_state(state["generator"])
        self._ahead = state["order"]


class Stream:
    """Batches without end of rows that live on a device and are indexed there.

    Args:
        rows: on their device.
        batch_size: rows of a batch, over all processes.
        seed: of the order.
        process: number of this process; it gets every ``processes``-th row of each batch.
        processes: how many share each batch.

    Attributes:
        share: rows that this process gets of each batch.

    >>> stream = Stream(Rows(torch.arange(5.0)), batch_size=2, seed=0)
    >>> sorted(torch.cat([stream.next().x for _ in range(2)]).tolist() + stream.next().x[:1].tolist())
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, rows: Rows, batch_size: int, seed: int, process: int = 0, processes: int = 1) -> None:
        self._rows = rows
        self._order = Order(len(rows), batch_size, seed, processes)
        self._share = slice(process, None, processes)
        self.share = self._order.size // processes

    def next(self) -> Rows:
        """This process's share of the next batch."""
        batch = self._rows.take(self._order.next()[self._share].to(self._rows.x.device))
        return Rows(floats(batch.x), batch.y)

    def state(self) -> dict[str, Tensor]:
        """What :meth:`restore` needs to go on with the same batches."""
        return self._order.state()

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a :meth:`state`."""
        self._order.restore(state)


class WorkerStream:
    """The batches of a :class:`Stream` for rows that do not fit on the device.

    Worker processes gather the batches ahead of their use; they travel to the device as they are stored (pixels as uint8) and
    become floats there.

    Args:
        rows: in the memory of this process, which the workers share; or mapped from a file.
        batch_size: rows of a batch, over all processes.
        seed: of the order.
        process: number of this process.
        processes: how many share each batch.
        device: where the batches are wanted.
        workers: worker processes.

    Attributes:
        share: rows that this process gets of each batch.
    """

    def __init__(
        self, rows: Rows, batch_size: int, seed: int, process: int = 0, processes: int = 1, *, device: torch.device, workers: int
    ) -> None:
        self._rows, self._device, self._workers = rows, device, workers
        # The workers run ahead, so what they draw from is not what has been used: two orders of one seed.
        self._used, self._drawn = (Order(len(rows), batch_size, seed, processes) for _ in range(2))
        self._share = slice(process, None, processes)
        self.share = self._used.size // processes
        self._batches: Iterator[tuple[Tensor, Tensor | None]] | None = None

    def next(self) -> Rows:
        """This process's share of the next batch, on the device."""
        if self._batches is None:
            # With a generator of its own the loader draws nothing from torch's, which the dropout depends on.
            self._batches = iter(
                DataLoader(
                    _Gathered(self._rows),
                    batch_size=None,
                    sampler=_Shares(self._drawn, self._share),
                    num_workers=self._workers,
                    pin_memory=self._device.type == "cuda",
                    generator=torch.Generator(),
                )
            )
        self._used.next()
        x, y = next(self._batches)
        batch = Rows(x, y).to(self._device)
        return Rows(floats(batch.x), batch.y)

    def state(self) -> dict[str, Tensor]:
        """What :meth:`restore` needs to go on with the same batches."""
        return self._used.state()

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a :meth:`state`."""
        self._used.restore(state)
        self._drawn.restore(state)
        self._batches = None


class _Gathered(Dataset[tuple[Tensor, Tensor | None]]):
    """A batch by the indices of its rows."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __getitem__(self, index: Tensor) -> tuple[Tensor, Tensor | None]:
        batch = self._rows.take(index)
        return batch.x, batch.y


class _Shares:
    """The indices of one process's share, batch by batch without end."""

    def __init__(self, order: Order, share: slice) -> None:
        self._order, self._share = order, share

    def __iter__(self) -> Iterator[Tensor]:
        while True:
            yield self._order.next()[self._share]
