"""One scale for every feature of two samples that no broken value can blow up.

A standard deviation is as large as the largest value makes it: one 1e12 in one cell, and all other values of its column are next
to equal. So values beyond Tukey's far-out fences, three interquartile ranges outside the quartiles (Tukey, "Exploratory Data
Analysis", 1977, section 2D), are drawn in to the fences before the deviation is taken, and wherever rows are compared. The fences
of a normal distribution lie at 4.7 deviations, so that clean data keep their plain standard deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

FENCE = 3.0  # interquartile ranges
SAMPLE = 4000  # rows of both samples that the scale is taken from
_LEAST = 20.0  # a scale is at least this part of the range, as in the network's normaliser
_CHUNK = 2**16


@dataclass(frozen=True, eq=False)
class RobustScale:
    """``clip((row - centre) * factor, low, high)``; all arrays ``(d,)``. It can be sent to a worker.

    Attributes:
        centre: a value amid the feature.
        factor: one by its scale.
        low: the lower fence, in scales from the centre.
        high: the upper fence.
    """

    centre: npt.NDArray[np.float64]
    factor: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]

    @classmethod
    def of(cls, rows: Floats, blocks: Sequence[str] | None = None) -> RobustScale:
        """The scale of the features of ``rows`` ``(n, d)``: the deviation within the fences, and at least a twentieth of the range.

        Where more than half of the values are one and the same, as in counts and rare marks, the quartiles say nothing, and the
        fences stand around the first quantiles further out that differ. Of a feature that is constant in ``rows`` any other value
        counts as one unit away, however far it is.

        Args:
            rows: of both samples together, or a random choice of them.
            blocks: the feature that each number belongs to. Numbers of one feature are the categories of a text: they share one
                scale and vary by one unit together, so that a text of many categories weighs no more than a number.

        >>> clean = np.arange(100.0)[:, None]
        >>> broken = np.concatenate([clean, [[1e12]]])
        >>> bool(abs(RobustScale.of(broken).factor[0] / RobustScale.of(clean).factor[0] - 1) < 0.2)
        True
        """
        columns = np.sort(np.ascontiguousarray(np.asarray(rows).T), axis=1)
        low, high = _fences(columns)
        inside = np.clip(columns, low[:, None], high[:, None])
        centre = columns[:, columns.shape[1] // 2].astype(np.float64)
        scale = np.maximum(inside.std(axis=1, dtype=np.float64), (inside[:, -1].astype(np.float64) - inside[:, 0]) / _LEAST)
        constant = scale == 0
        factor = np.where(constant, 1 / (1e-6 * np.abs(centre) + 1e-30), 1 / np.where(constant, 1, scale))
        low = np.where(constant, -1, (low - centre) * factor)
        high = np.where(constant, 1, (high - centre) * factor)
        found = cls(centre, factor, low, high)
        return found if blocks is None else found._together(blocks, scale)

    def _together(self, blocks: Sequence[str], scale: npt.NDArray[np.float64]) -> RobustScale:
        names, own, counts = np.unique(np.asarray(blocks, dtype=object).astype(str), return_inverse=True, return_counts=True)
        shared = np.sqrt(np.bincount(own, weights=scale**2, minlength=len(names)))
        factor = np.where(counts[own] > 1, 1 / np.where(shared > 0, shared, 1)[own], self.factor)
        several = counts[own] > 1
        return RobustScale(self.centre, factor, np.where(several, -np.inf, self.low), np.where(several, np.inf, self.high))

    @property
    def width(self) -> int:
        """``d``."""
        return len(self.centre)

    def __call__(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Rows ``(k, d)``, scaled in float64."""
        scaled = np.empty(rows.shape, dtype=np.float32)
        for start in range(0, len(rows), _CHUNK):
            part = np.subtract(rows[start : start + _CHUNK], self.centre, dtype=np.float64)
            part *= self.factor
            np.clip(part, self.low, self.high, out=part)
            scaled[start : start + _CHUNK] = part
        return scaled


def _fences(columns: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Both fences ``(d,)`` of sorted columns ``(d, n)``."""
    last, share = columns.shape[1] - 1, 0.25
    below, above = columns[:, 0].astype(np.float64), columns[:, -1].astype(np.float64)
    unknown = np.ones(len(columns), dtype=bool)
    while unknown.any():
        # Values that are there, the inner ones of two neighbours: of ten values the largest may be the broken one.
        at = int(np.floor(share * last))
        lower, upper = columns[:, at].astype(np.float64), columns[:, last - at].astype(np.float64)
        told = unknown & (upper > lower)
        reach = FENCE * (upper - lower)
        below, above = np.where(told, lower - reach, below), np.where(told, upper + reach, above)
        unknown &= ~told
        if at == 0:
            break
        share /= 2
    return np.maximum(below, columns[:, 0]), np.minimum(above, columns[:, -1])


def chosen(total: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """Which of ``total`` rows of both samples the scale is taken from, ascending.

    Every row is as likely as any other whichever sample it belongs to, so that permuting the rows changes nothing.
    """
    return np.sort(np.random.default_rng([seed, 4]).choice(total, min(total, SAMPLE), replace=False))


def scale_of(x: Floats, y: Floats, blocks: Sequence[str] | None = None, *, seed: int = 0) -> RobustScale:
    """The one scale of two samples ``(n, d)`` and ``(m, d)``, from at most 4,000 rows of both as if they were one."""
    rows = chosen(len(x) + len(y), seed)
    return RobustScale.of(np.concatenate([x[rows[rows < len(x)]], y[rows[rows >= len(x)] - len(x)]]), blocks)


def scaled(
    x: Floats, y: Floats, blocks: Sequence[str] | None = None, *, seed: int = 0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Both samples in the units of :func:`scale_of`, no value beyond the fences.

    >>> first, second = scaled(np.array([[0.0], [2.0]] * 9), np.array([[0.0], [2e9]]))
    >>> bool(np.ptp(first) > 1), bool(second.max() < 10)
    (True, True)
    """
    scale = scale_of(x, y, blocks, seed=seed)
    return scale(x), scale(y)


def standardised(rows: Floats) -> npt.NDArray[np.float64]:
    """A copy of ``rows`` ``(n, d)`` with mean 0, divided by the robust scale of its features."""
    scaled_rows = RobustScale.of(rows[chosen(len(rows))])(rows).astype(np.float64)
    scaled_rows -= scaled_rows.mean(axis=0)
    return scaled_rows
