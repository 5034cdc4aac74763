"""Expected cost: what the answers cost on average, where errors differ in price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from ntgate.base import NUMBER
from ntgate.errors import DataError
from ntgate.evaluation.types import Floats, Ints
from ntgate.metrics.probabilities import probabilities
from ntgate.metrics.row_mean import RowMean, by_counts
from ntgate.metrics.tested import Level, Pair, Tested

Cost = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False), NUMBER]


class ExpectedCost(RowMean):
    """The mean over rows of the cost of the answer.

    Elkan, "The foundations of cost-sensitive learning", IJCAI 2001, section 1. Where every error costs the same and no right answer
    does, the test is the exact one of accuracy; else it is that of a bounded mean. Margins are costs, too.

    Attributes:
        costs: ``costs[i][j]`` of answering class ``j`` where class ``i`` is true.
        classes: names of the rows and columns; None: the target's classes in their order, which is that of the sorted names.
        answer: ``greatest_score``, as all other metrics take it, or ``least_cost``: the class with the least expected cost under
            the scores as probabilities (Elkan 2001, equation 1), where whoever uses the model decides so.

    >>> metric = ExpectedCost(costs=((0, 1), (5, 0)))
    >>> metric.value(np.array([0, 1, 1]), np.eye(2)[[1, 0, 1]])
    2.0
    >>> ExpectedCost(costs=((0, 1), (5, 0)), answer="least_cost").value(np.array([0, 1]), np.array([[0.9, 0.1], [0.7, 0.3]]))
    0.0
    """

    kind: Literal["expected_cost"] = "expected_cost"
    greater_is_better: ClassVar[bool] = False
    costs: tuple[tuple[Cost, ...], ...] = Field(min_length=2)
    classes: tuple[str, ...] | None = None
    answer: Literal["greatest_score", "least_cost"] = "greatest_score"

    @field_validator("classes", mode="before")
    @classmethod
    def _names(cls, classes: Any) -> Any:
        listed = isinstance(classes, list | tuple)
        return [str(name) if isinstance(name, int) else name for name in classes] if listed else classes

    @model_validator(mode="after")
    def _square(self) -> Self:
        size = len(self.costs)
        if any(len(row) != size for row in self.costs):
            raise ValueError(f"costs with as many columns as rows: {size} lists of {size} numbers")
        if self.classes is not None and len(set(self.classes)) != size:
            raise ValueError(f"classes with {size} different names, one for each row of costs")
        if all(len(set(row)) == 1 for row in self.costs):
            raise ValueError("costs that depend on the answer: here all answers cost the same")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest of the costs."""
        return min(map(min, self.costs)), max(map(max, self.costs))

    @property
    def span(self) -> float:
        """The most that another answer can save."""
        return max(max(row) - min(row) for row in self.costs)

    def of_classes(self, classes: Sequence[str]) -> Self:
        """With rows and columns in the order of ``classes``.

        Raises:
            DataError: when there are others.
        """
        names = tuple(classes) if self.classes is None else self.classes
        if len(names) != len(self.costs) or set(names) != set(classes):
            known = f"{len(self.costs)} classes" if self.classes is None else ", ".join(self.classes)
            raise DataError(
                "gate.metric.costs",
                expected=f"costs of the target's classes {', '.join(classes)}",
                got=f"those of {known}",
                fix="give a row and a column for each class",
            )
        order = [names.index(name) for name in classes]
        costs = tuple(tuple(self.costs[i][j] for j in order) for i in order)
        return self.model_copy(update={"costs": costs, "classes": tuple(classes)})

    def by_row(self, y: Ints, scores: Floats) -> Floats:
        """The cost of each row's answer."""
        costs = np.array(self.costs)
        if self.answer == "greatest_score":
            return np.asarray(costs[y, scores.argmax(axis=1)])
        expected = probabilities(scores) @ costs
        return np.where(np.isfinite(expected).all(axis=1), costs[y, expected.argmin(axis=1)], np.nan)

    def constant(self, shares: Floats) -> Floats:
        """The cheapest class to answer always, which need not be the commonest."""
        return np.asarray(np.eye(len(shares))[int((shares @ np.array(self.costs)).argmin())])

    def judged(self, pair: Pair, level: Level) -> Tested:
        """Exact where all errors cost the same, else bets."""
        sizes = {abs(a - b) for row in self.costs for a in row for b in row} - {0.0}
        differences = self.differences(pair.y, pair.first, pair.second)
        if len(sizes) > 1 or pair.groups is not None or not np.isfinite(differences).all():
            return super().judged(pair, level)
        size, n = sizes.pop(), len(pair.y)
        scaled = Level(level.alpha, level.margin / size, level.resamples, level.seed)
        found = by_counts(int((differences > 0).sum()), int((differences < 0).sum()), n, scaled)
        lower, upper = found.interval
        return Tested((size * lower, size * upper), found.p_value, count_needed=found.count_needed)
