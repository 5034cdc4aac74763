"""Forest pool: decision trees grown on source and target rows together."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Whole
from ntgate.learners.forest import RandomForest
from ntgate.strategies.pool import Pool


class ForestPool(Pool):
    """The pool that has to be told least.

    Attributes:
        trees: of the forest at each weight of the source.
    """

    kind: Literal["forest_pool"] = "forest_pool"
    label: ClassVar[str] = "pooled random forest"
    trees: Whole = Field(50, ge=2, le=10_000)

    @property
    def learner(self) -> RandomForest:
        """A random forest."""
        return RandomForest(trees=self.trees)
