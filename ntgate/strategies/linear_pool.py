"""Linear pool: logistic regressions of source and target rows together."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Positive
from ntgate.learners.logistic import Logistic
from ntgate.strategies.pool import Pool


class LinearPool(Pool):
    """The quickest pool.

    Attributes:
        penalties: inverse L2 strengths to choose from.
    """

    kind: Literal["linear_pool"] = "linear_pool"
    label: ClassVar[str] = "pooled logistic regression"
    penalties: tuple[Positive, ...] = Field((0.01, 0.1, 1.0), min_length=1, max_length=100)

    @property
    def learner(self) -> Logistic:
        """A logistic regression."""
        return Logistic(penalties=self.penalties)
