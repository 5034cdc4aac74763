"""Which rows of a domain are read, where it has more than are wanted."""

from __future__ import annotations

import numpy as np

from ntgate.data.domain import Ints


def sampled(n: int, size: int | None) -> Ints | None:
    """Ascending positions of ``size`` of ``n`` rows, always the same; None for all rows: no fewer are wanted, or there are no more.

    The seed of a run has no part in it: what a run reads follows from its files.

    >>> len(sampled(1000, 10)), sampled(10, 10)
    (10, None)
    """
    if size is None or n <= size:
        return None
    return np.sort(np.random.default_rng(0).choice(n, size, replace=False, shuffle=False))
