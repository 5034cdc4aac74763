"""Boosting pool: gradient boosting of source and target rows together."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Whole
from ntgate.learners.boosting import Boosting
from ntgate.strategies.pool import Pool


class BoostingPool(Pool):
    """The pool for tables.

    Attributes:
        rounds: trees, for several classes one for each.
    """

    kind: Literal["boosting_pool"] = "boosting_pool"
    label: ClassVar[str] = "pooled gradient boosting"
    rounds: Whole = Field(50, ge=1, le=10_000)

    @property
    def learner(self) -> Boosting:
        """Gradient boosting."""
        return Boosting(rounds=self.rounds)
