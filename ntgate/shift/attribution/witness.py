"""The witness function of the MMD at the rows of both samples.

Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012), section 2.3: ``w(z) = mean k(x, z) - mean k(y, z)`` is large where the
first sample is denser, and negative where the second is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

_BLOCK = 4_000_000  # kernel values held at a time


class Witness(NamedTuple):
    """The witness of one kernel, each row left out of the mean of its own sample.

    Attributes:
        width: of the kernel.
        x: ``(n,)``, at the rows of the first sample.
        y: ``(m,)``, at those of the second.
    """

    width: float
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]

    @property
    def mmd2(self) -> float:
        """The unbiased MMD^2: the difference of the witness's means."""
        return float(self.x.mean() - self.y.mean())

    @property
    def clearness(self) -> float:
        """MMD^2 in standard errors."""
        return self.mmd2 / float(np.sqrt(4 * (self.x.var() / len(self.x) + self.y.var() / len(self.y)) + 1e-30))


def clearest_witness(x: Floats, y: Floats, widths: Sequence[float]) -> Witness:
    """The witness of the kernel ``exp(-|a - b|^2 / (2 width^2))`` whose width shows the difference most clearly.

    The width is the one with the greatest ratio of MMD^2 to its standard error, the criterion of Gretton et al., "Optimal kernel
    choice for large-scale two-sample tests", NeurIPS 2012.

    Args:
        x: rows ``(n, d)``, two at least.
        y: rows ``(m, d)``, two at least.
        widths: to choose from.

    >>> rng = np.random.default_rng(0)
    >>> found = clearest_witness(rng.normal(size=(200, 2)), rng.normal(size=(200, 2)) + 1, [0.5, 2.0])
    >>> found.width, found.x.mean() > found.y.mean()
    (2.0, np.True_)
    """
    n = len(x)
    rows = np.concatenate([x, y])
    rows = (rows - rows.mean(axis=0)).astype(np.float32)
    squares = (rows**2).sum(axis=1)
    values = np.empty((len(widths), len(rows)))
    step = max(1, _BLOCK // len(rows))
    for start in range(0, len(rows), step):
        block = slice(start, start + step)
        exponents = np.maximum(squares[block, None] + squares - 2 * rows[block] @ rows.T, 0) / -2
        own = np.arange(start, start + len(exponents)) < n
        for found, width in zip(values, widths, strict=True):
            kernel = np.exp(exponents / np.float32(width**2))
            sums = np.stack([kernel[:, :n].sum(axis=1), kernel[:, n:].sum(axis=1)]).astype(np.float64)
            # A row's kernel with itself is 1.
            found[block] = (sums[0] - own) / (n - own) - (sums[1] - ~own) / (len(y) - ~own)
    return max(
        (Witness(float(width), found[:n], found[n:]) for width, found in zip(widths, values, strict=True)),
        key=lambda one: one.clearness,
    )
