"""What a metric is: a frozen config that measures scores, says how it is shown, and which test judges it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from ntgate.base import Frozen
from ntgate.evaluation.types import Floats, Ints
from ntgate.metrics.display import Display
from ntgate.metrics.tested import Level, Pair, Tested


class Metric(Frozen, ABC):
    """A score of a classifier on labelled rows. Subclasses are frozen configs with a ``kind`` and a direction.

    What tests of a gain in it are there already: derive from :class:`~ntgate.metrics.row_mean.RowMean` what is a mean over rows of
    something bounded, which then has a valid test, or from :class:`~ntgate.metrics.bootstrapped.Bootstrapped`.

    Attributes:
        kind: names it in configs and results.
        label: names it for people, in the middle of a sentence; by default the kind.
        greater_is_better: its direction; there is no default.
        percent: whether values are shown as percentages, and gains as percentage points.
        unit: of a gain that is shown as a decimal.
        resampled: whether its test draws ``gate.resamples`` resamples.
        probabilities: whether it looks at the size of scores, and not only at which class has the greatest.
    """

    kind: str
    label: ClassVar[str]
    greater_is_better: ClassVar[bool]
    percent: ClassVar[bool] = False
    unit: ClassVar[str] = ""
    resampled: ClassVar[bool] = False
    probabilities: ClassVar[bool] = True

    def __init_subclass__(cls, **given: Any) -> None:
        """A metric without a label is called by its kind."""
        super().__init_subclass__(**given)
        if "label" not in cls.__dict__ and isinstance(kind := cls.__dict__.get("kind"), str):
            cls.label = kind.replace("_", " ")

    @model_validator(mode="after")
    def _directed(self) -> Self:
        if not isinstance(getattr(self, "greater_is_better", None), bool):
            parts = {
                "expected": "a metric that says greater_is_better, True or False",
                "got": f"{type(self).__name__}, which does not",
                "fix": "give its class the attribute: without a direction no gain can be told from a loss",
            }
            raise PydanticCustomError("metric", "expected {expected}, got {got}; {fix}", parts)
        return self

    @property
    def span(self) -> float:
        """The largest gain that there can be."""
        return 1.0

    @abstractmethod
    def weighted(self, y: Ints, scores: Floats, weights: Floats) -> Floats:
        """The metric of ``scores`` ``(n, c)`` on the labels ``y`` ``(n,)`` under each of ``B`` weightings of the rows.

        Args:
            y: labels, as columns of the scores.
            scores: class scores, finite.
            weights: ``(B, n)``: how often each row counts.

        Returns:
            ``(B,)``; NaN where it is not defined.
        """

    @abstractmethod
    def judged(self, pair: Pair, level: Level) -> Tested:
        """Interval and p-value of the gain of the first arm over the second."""

    def value(self, y: Ints, scores: Any) -> float:
        """The metric of ``scores`` ``(n, c)`` on the labels ``y`` ``(n,)``; NaN where it is not defined.

        A row counts for the class of its greatest score; of equal scores the lowest class wins.
        """
        numbers = np.asarray(scores, dtype=np.float64)
        if not np.isfinite(numbers).all() or not len(y):
            return float("nan")
        return float(self.weighted(y, numbers, np.ones((1, len(y))))[0])

    def better_by(self, first: float, second: float) -> float:
        """The gain of one value over another: positive where the first is better, whatever the direction."""
        return first - second if self.greater_is_better else second - first

    def maximised(self, value: float) -> float:
        """A value as a score of which more is better, as training wants it; or such a score as the value that it was."""
        return value if self.greater_is_better else 0.0 - value

    def least_p_value(self, alpha: float, resamples: int, *, grouped: bool = False) -> float:  # noqa: ARG002
        """The smallest p-value that its test can have at all, whatever the rows, or whatever their groups."""
        return 0.0

    def of_classes(self, classes: Sequence[str]) -> Self:  # noqa: ARG002
        """The metric for scores whose columns are these classes.

        Raises:
            DataError: when its settings speak of other classes.
        """
        return self

    def constant(self, shares: Floats) -> Floats:
        """The scores ``(c,)`` of the best constant guess, knowing the shares ``(c,)`` of the classes: the commonest class."""
        return np.asarray(np.eye(len(shares))[int(shares.argmax())])

    def constant_in_words(self, name: str) -> str:
        """What the constant guess does, whose greatest score is that of the class ``name``."""
        return f"always answering {name!r}"

    @classmethod
    def display(cls) -> Display:
        """How values and gains are shown."""
        return Display(label=cls.label, percent=cls.percent, unit=cls.unit, greater_is_better=cls.greater_is_better)

    def in_words(self, value: float) -> str:
        """A value as people say it."""
        article = "an" if self.label[0].lower() in "aeio" else "a"
        return f"{article} {self.label} of {self.display().value(value)}"

    def __str__(self) -> str:
        return self.kind
