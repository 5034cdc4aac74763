"""Extra-trees pool: extremely randomised trees grown on source and target rows together."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ntgate.base import Whole
from ntgate.learners.forest import ExtraTrees
from ntgate.strategies.pool import Pool


class ExtraTreesPool(Pool):
    """The forest pool's smoother sister.

    Attributes:
        trees: of the forest at each weight of the source.
    """

    kind: Literal["extra_trees_pool"] = "extra_trees_pool"
    label: ClassVar[str] = "pooled extremely randomised trees"
    trees: Whole = Field(50, ge=2, le=10_000)

    @property
    def learner(self) -> ExtraTrees:
        """Extremely randomised trees."""
        return ExtraTrees(trees=self.trees)
