"""Macro-F1: the mean over classes of the harmonic mean of precision and recall."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.types import Floats, Ints
from ntgate.metrics.bootstrapped import Bootstrapped
from ntgate.metrics.by_class import hits_of_classes, mean_present


class MacroF1(Bootstrapped):
    """The mean of F1 over the classes that occur.

    >>> round(MacroF1().value(np.array([0, 1, 1]), np.eye(2)[[0, 1, 0]]), 3)
    0.667
    """

    kind: Literal["macro_f1"] = "macro_f1"
    label: ClassVar[str] = "macro-F1"
    greater_is_better: ClassVar[bool] = True
    probabilities: ClassVar[bool] = False

    def weighted(self, y: Ints, scores: Floats, weights: Floats) -> Floats:
        """Under each weighting."""
        hits, actual, claimed = hits_of_classes(y, scores, weights)
        return mean_present(2 * hits / np.maximum(actual + claimed, 1), actual)

    def differs(self, y: Ints, first: Floats, second: Floats) -> npt.NDArray[np.bool_]:  # noqa: ARG002
        """Rows with two answers."""
        return np.asarray(first.argmax(axis=1) != second.argmax(axis=1))
