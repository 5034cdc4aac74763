"""Multinomial logistic regression with an L2 penalty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from ntgate.base import Positive
from ntgate.learners.base import Encoded, EncodedTexts, TextLearner
from ntgate.learners.regressions import regressions

if TYPE_CHECKING:
    from ntgate.models.base import Model


_MOST = 1_000_000  # coefficients
CLOSE = 1e-3  # rows held out choose among penalties, which differ by more than the last digits of an optimum


class Logistic(TextLearner):
    """A linear classifier of the encoded columns, each scaled by its standard deviation, and of the terms of texts.

    Attributes:
        penalties: inverse L2 strengths to choose from.
    """

    called: ClassVar[str] = "logistic regression"
    penalties: tuple[Positive, ...] = Field((0.01, 0.1, 1.0), min_length=1, max_length=100)

    @property
    def settings(self) -> tuple[float, ...]:
        """The penalties, the strongest first."""
        return self.penalties

    def too_large(self, width: int, classes: int) -> str | None:
        """It has a coefficient for each column and class, and visits all of them hundreds of times."""
        if width * classes <= _MOST:
            return None
        return f"{width} columns for each of {classes} classes would take it minutes"

    def fit_seconds(self, rows: int, width: int, classes: int) -> float:
        """Some tens of passes over the rows for each penalty."""
        return 2e-8 * rows * width * classes * len(self.penalties)

    def fit(self, encoded: Encoded, settings: Sequence[float], seed: int) -> Sequence[Model]:  # noqa: ARG002
        """Scale, fit one penalty after the other, each from where the one before ended, and fold the scale in."""
        from ntgate.shift.columns.feature_scale import feature_scale

        scale = feature_scale(encoded.rows, encoded.weights)
        mean = np.average(encoded.rows, axis=0, weights=encoded.weights)
        return regressions(encoded, (encoded.rows - mean) / scale, settings, scale=scale, mean=mean, close=CLOSE)

    def fit_texts(self, encoded: EncodedTexts, settings: Sequence[float], seed: int) -> Sequence[Model]:  # noqa: ARG002
        """Of their terms and all other columns."""
        from ntgate.learners.text_logistic import fit_texts

        return fit_texts(encoded, settings)
