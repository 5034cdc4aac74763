"""Metrics that are no mean over rows, judged by the paired bootstrap where every class has rows enough for it."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.bootstrap import paired_bootstrap
from ntgate.evaluation.enough_rows import Minima
from ntgate.evaluation.types import Floats, Ints
from ntgate.metrics.base import Metric
from ntgate.metrics.tested import Level, Pair, Tested


class Bootstrapped(Metric):
    """A metric without a test of its own.

    Attributes:
        minima: the rows and disagreements below which nothing is claimed.
    """

    resampled: ClassVar[bool] = True
    minima: ClassVar[Minima] = Minima()

    @abstractmethod
    def differs(self, y: Ints, first: Floats, second: Floats) -> npt.NDArray[np.bool_]:
        """The rows ``(n,)`` that tell the models apart."""

    def too_few(self, pair: Pair, *, margin: float, alpha: float) -> str | None:
        """Why the bootstrap proves nothing on these rows at this level, or None."""
        differs = self.differs(pair.y, pair.first, pair.second)
        return self.minima.too_few(
            pair.y, differs, self.kind, margin=margin, alpha=alpha, groups=pair.groups, constant=pair.constant
        )

    def judged(self, pair: Pair, level: Level) -> Tested:
        """The stratified paired bootstrap, of whole groups where rows have them."""
        few = self.too_few(pair, margin=level.margin, alpha=level.alpha)
        if few is not None:
            return Tested((-self.span, self.span), 1.0, note=few)
        return by_bootstrap(self, pair, level)

    def least_p_value(self, alpha: float, resamples: int, *, grouped: bool = False) -> float:  # noqa: ARG002
        """One more than none of the resamples."""
        return 1 / (1 + resamples)


def by_bootstrap(metric: Metric, pair: Pair, level: Level) -> Tested:
    """The bootstrap's interval and p-value of a gain."""
    sign = 1.0 if metric.greater_is_better else -1.0
    found = paired_bootstrap(
        metric,
        pair.y,
        pair.first,
        pair.second,
        sign=sign,
        span=metric.span,
        margin=level.margin,
        alpha=level.alpha,
        resamples=level.resamples,
        seed=level.seed,
        groups=pair.groups,
    )
    return Tested(found.interval, found.p_value)
