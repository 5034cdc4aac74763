"""Rows on a device, and endless shuffled batches of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Rows:
    """Encoded rows ``x`` float32 ``(n, *shape)`` with labels ``y`` int64 ``(n,)``, or None where there are none."""

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

    def to(self, device: torch.device) -> Rows:
        """The same rows on ``device``."""
        return Rows(self.x.to(device), None if self.y is None else self.y.to(device))

    def take(self, index: Tensor) -> Rows:
        """The rows at ``index``."""
        return Rows(self.x[index], None if self.y is None else self.y[index])


class Stream:
    """Batches without end: every row once, in a new order, before any row comes again.

    The rows live on their device and are indexed there; only the order is drawn on the CPU, from an own generator, so
    that it is the same on every device.

    >>> stream = Stream(Rows(torch.arange(5.0)), batch_size=2, seed=0)
    >>> sorted(torch.cat([stream.next().x for _ in range(2)]).tolist() + stream.next().x[:1].tolist())
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self, rows: Rows, batch_size: int, seed: int) -> None:
        self._rows = rows
        self._batch = batch_size
        self._generator = torch.Generator().manual_seed(seed)
        self._order = torch.empty(0, dtype=torch.int64)

    def next(self) -> Rows:
        """The next batch of exactly ``batch_size`` rows, or of all rows when there are fewer."""
        size = min(self._batch, len(self._rows))
        while len(self._order) < size:
            shuffled = torch.randperm(len(self._rows), generator=self._generator)
            self._order = torch.cat([self._order, shuffled])
        index, self._order = self._order[:size], self._order[size:]
        return self._rows.take(index.to(self._rows.x.device))

    def state(self) -> dict[str, Tensor]:
        """What :meth:`restore` needs to go on with the same order."""
        return {"generator": self._generator.get_state(), "order": self._order.clone()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a :meth:`state`."""
        self._generator.set_state(state["generator"])
        self._order = state["order"]
