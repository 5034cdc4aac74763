"""Brier score: the squared distance between the probabilities that were given and what came."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from ntgate.evaluation.types import Floats, Ints
from ntgate.metrics.probabilities import probabilities
from ntgate.metrics.row_mean import RowMean


class Brier(RowMean):
    """Half the sum over classes of the squared differences, so that it lies in [0, 1]; for two classes ``(p - y)^2``.

    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78 (1950), equation 2, halved.

    >>> round(Brier().value(np.array([0, 1]), np.array([[0.9, 0.1], [0.5, 0.5]])), 3)
    0.13
    """

    kind: Literal["brier"] = "brier"
    label: ClassVar[str] = "Brier score"
    greater_is_better: ClassVar[bool] = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Of a sure answer, right and wrong."""
        return 0.0, 1.0

    def by_row(self, y: Ints, scores: Floats) -> Floats:
        """The score of each row."""
        given = probabilities(scores)
        return np.asarray(np.square(given - np.eye(given.shape[1])[y]).sum(axis=1) / 2)

    def constant(self, shares: Floats) -> Floats:
        """Who always says the same does best with the classes' shares."""
        return np.asarray(shares / shares.sum())

    def constant_in_words(self, name: str) -> str:  # noqa: ARG002
        """What it says of every row."""
        return "always giving the classes' shares"
