"""Two arms on the same test rows: the gain, its interval, its p-value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.bootstrap import paired_bootstrap
from ntgate.evaluation.mcnemar import mcnemar_exact, rows_needed
from ntgate.evaluation.metrics import score
from ntgate.evaluation.tango import tango_interval, tango_p_value
from ntgate.gate.config import GateConfig
from ntgate.gate.evidence import Evidence, Scores


@dataclass(frozen=True)
class Comparison:
    """What the same test rows say about two arms.

    Attributes:
        first: score of the arm that is to be better.
        second: score of the other.
        gain: ``first - second``.
        interval: of the gain, two-sided at level ``1 - 2 alpha``.
        p_value: one-sided, against a gain of at most ``margin``.
        counts: rows that only the first, and only the second, gets right; None for metrics that are no mean over rows.
        needed: about how many test rows would show a gain like this with 80 % power; None where it cannot be said.
    """

    first: float
    second: float
    gain: float
    interval: tuple[float, float]
    p_value: float
    counts: tuple[int, int] | None
    needed: int | None


def compare(
    y: npt.NDArray[np.int64],
    first: Scores,
    second: Scores,
    config: GateConfig,
    *,
    margin: float,
    seed: int,
    groups: npt.NDArray[np.str_] | None = None,
) -> Comparison:
    """Compare two arms' scores ``(n, c)`` on the labels ``y`` ``(n,)``.

    Accuracy: McNemar's exact test at margin 0, Tango's score test at any other, with Tango's interval. The other metrics:
    the stratified paired bootstrap.
    """
    values = [score(config.metric, y, arm) for arm in (first, second)]
    gain = values[0] - values[1]
    if config.metric != "accuracy":
        drawn = paired_bootstrap(
            config.metric, y, np.asarray(first, np.float64), np.asarray(second, np.float64),
            margin=margin, alpha=config.alpha, resamples=config.resamples, seed=seed,
        )  # fmt: skip
        return Comparison(values[0], values[1], gain, drawn.interval, drawn.p_value, None, None)
    right = [arm.argmax(axis=1) == y for arm in (first, second)]
    gained, lost, n = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()), len(y)
    p_value = mcnemar_exact(gained, lost) if margin == 0 else tango_p_value(gained, lost, n, margin)
    return Comparison(
        first=values[0],
        second=values[1],
        gain=gain,
        interval=tango_interval(gained, lost, n, config.alpha),
        p_value=p_value,
        counts=(gained, lost),
        needed=rows_needed(gained / n, lost / n, config.alpha) if margin == 0 else None,
    )


@dataclass(frozen=True, eq=False)
class Case:
    """What every rule is given: the evidence, the gate's settings, and the comparisons, each computed once."""

    evidence: Evidence
    config: GateConfig
    seed: int = 0

    @cached_property
    def over_scratch(self) -> Comparison | None:
        """The candidate against scratch; None when either has no usable scores."""
        return self._over("scratch", self.config.margin)

    @cached_property
    def over_champion(self) -> Comparison | None:
        """The candidate against the champion, with the allowed loss as a negative margin; None as above."""
        return self._over("champion", -self.config.champion_margin)

    @cached_property
    def over_uncompressed(self) -> Comparison | None:
        """The compressed candidate against the one that it was made from, with the allowed loss as a negative margin."""
        return self._over("uncompressed", -self.config.compression_margin)

    def _over(self, other: str, margin: float) -> Comparison | None:
        first, second = self.evidence.usable("candidate"), self.evidence.usable(other)
        if first is None or second is None or not len(self.evidence.y):
            return None
        return compare(
            self.evidence.y, first, second, self.config, margin=margin, seed=self.seed, groups=self.evidence.groups
        )
