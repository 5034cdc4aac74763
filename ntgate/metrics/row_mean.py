"""Metrics that are means over rows of something bounded: they come with a valid test."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial

import numpy as np

from ntgate.evaluation.bounded_mean import bounded_mean_test, rows_for_bounded_mean
from ntgate.evaluation.power import rows_needed
from ntgate.evaluation.tango import tango_interval
from ntgate.evaluation.types import Floats, Ints
from ntgate.evaluation.unconditional import mcnemar_unconditional, tango_unconditional
from ntgate.metrics.base import Metric
from ntgate.metrics.tested import Level, Pair, Tested


class RowMean(Metric):
    """A mean over rows of values between two bounds.

    A gain is judged by bets on the rows' differences (:mod:`ntgate.evaluation.bounded_mean`), which hold the level for every
    distribution within the bounds; so the nearer the bounds, the greater the power.
    """

    @property
    @abstractmethod
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value that a row can have, known before any row is seen."""

    @abstractmethod
    def by_row(self, y: Ints, scores: Floats) -> Floats:
        """The value ``(n,)`` of each row of ``scores`` ``(n, c)`` with the labels ``y`` ``(n,)``; NaN where it has none."""

    @property
    def span(self) -> float:
        """The distance between the bounds."""
        return self.bounds[1] - self.bounds[0]

    def weighted(self, y: Ints, scores: Floats, weights: Floats) -> Floats:
        """The mean under each weighting."""
        return np.asarray(weights @ self.by_row(y, scores) / weights.sum(axis=1))

    def differences(self, y: Ints, first: Floats, second: Floats) -> Floats:
        """By how much the first arm is better on each row, ``(n,)``."""
        one, other = self.by_row(y, first), self.by_row(y, second)
        return one - other if self.greater_is_better else other - one

    def judged(self, pair: Pair, level: Level) -> Tested:
        """Bets on the rows, or on whole groups of them."""
        values = np.stack([self.by_row(pair.y, arm) for arm in (pair.first, pair.second)])
        low, high = self.bounds
        wrong = int((~((values >= low - 1e-9) & (values <= high + 1e-9))).any(axis=0).sum())
        if wrong:
            note = f"{wrong} rows have no {self.label} between {low:g} and {high:g}, so that nothing can be said"
            return Tested((-self.span, self.span), 1.0, note=note)
        x = (values[0] - values[1]) * (1 if self.greater_is_better else -1) / self.span
        (lower, upper), p_value = bounded_mean_test(x, level.margin / self.span, level.alpha, seed=level.seed, groups=pair.groups)
        interval = lower * self.span, upper * self.span
        if pair.groups is not None:
            return Tested(interval, p_value, note=as_wholes(pair))
        gain = float(x.mean()) - level.margin / self.span
        needed = partial(rows_for_bounded_mean, gain, float(x.std()), level.alpha)
        return Tested(interval, p_value, count_needed=needed)


def by_counts(gained: int, lost: int, n: int, level: Level) -> Tested:
    """The exact test of rows that are gained, lost or neither, with Tango's interval."""
    margin = level.margin
    p_value = mcnemar_unconditional(gained, lost, n) if margin == 0 else tango_unconditional(gained, lost, n, margin)
    needed = partial(rows_needed, gained / n, lost / n, level.alpha, margin=margin)
    return Tested(tango_interval(gained, lost, n, level.alpha), p_value, (gained, lost), count_needed=needed)


def as_wholes(pair: Pair) -> str:
    """That rows were compared in groups."""
    return f"{len(np.unique(np.asarray(pair.groups)))} groups of rows were compared as wholes"
