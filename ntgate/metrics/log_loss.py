"""Log loss: minus the logarithm of the probability that a row's class was given."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ntgate.base import Real
from ntgate.evaluation.types import Floats, Ints
from ntgate.metrics.probabilities import probabilities
from ntgate.metrics.row_mean import RowMean


class LogLoss(RowMean):
    """The mean of ``-ln p`` over the rows, in nats, where no probability counts as less than ``clip``.

    Good, "Rational decisions", Journal of the Royal Statistical Society B 14 (1952). Without a bound one row could outweigh all
    others, and no test of its mean is valid. The bound has a price: a row can lose ``-ln clip``, 4.6 nats, and rows have to be so
    many that such losses would have shown. At 0.001 it is half as much again.

    Attributes:
        clip: the least probability that counts.

    >>> round(LogLoss().value(np.array([0, 1]), np.array([[0.9, 0.1], [1.0, 0.0]])), 4)  # (-ln 0.9 - ln 0.01) / 2
    2.3553
    """

    kind: Literal["log_loss"] = "log_loss"
    greater_is_better: ClassVar[bool] = False
    unit: ClassVar[str] = "nats"
    clip: Real = Field(0.01, ge=1e-6, le=0.1)

    @property
    def bounds(self) -> tuple[float, float]:
        """Of a sure and right answer, and of a probability of ``clip``."""
        return 0.0, -math.log(self.clip)

    def by_row(self, y: Ints, scores: Floats) -> Floats:
        """The loss of each row."""
        given = probabilities(scores)[np.arange(len(y)), y]
        return np.asarray(-np.log(np.maximum(given, self.clip)))

    def constant(self, shares: Floats) -> Floats:
        """Who always says the same does best with the classes' shares."""
        return np.asarray(shares / shares.sum())

    def constant_in_words(self, name: str) -> str:  # noqa: ARG002
        """What it says of every row."""
        return "always giving the classes' shares"
