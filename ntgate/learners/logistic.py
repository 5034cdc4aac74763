"""Multinomial logistic regression with an L2 penalty."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from ntgate.base import Positive
from ntgate.learners.base import Encoded, EncodedTexts, Floats, Learner

if TYPE_CHECKING:
    from ntgate.models.base import Model


_MOST = 1_000_000  # coefficients
_ROUNDS, _CLOSE = (200, 1e-3)  # rows held out choose among penalties, which differ by more than the last digits of an optimum


class Logistic(Learner):
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

    def fit(self, encoded: Encoded, settings: Sequence[float], seed: int) -> list[Model]:  # noqa: ARG002
        """Scale, fit one penalty after the other, each from where the one before ended, and fold the scale in."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        from ntgate.models.linear import LinearModel
        from ntgate.shift.columns.feature_scale import feature_scale

        scale = feature_scale(encoded.rows)
        mean = np.average(encoded.rows, axis=0, weights=encoded.weights)
        rows = (encoded.rows - mean) / scale
        found: Any = LogisticRegression(warm_start=True, max_iter=_ROUNDS, tol=_CLOSE)
        models: list[Model] = []
        for penalty in settings:
            # Hundreds of small products: on a busy machine BLAS's threads wait for each other ten times as long as they work.
            with warnings.catch_warnings(), threadpool_limits(1):
                warnings.simplefilter("ignore", ConvergenceWarning)  # the rows held out judge what came of it
                found.set_params(C=penalty).fit(rows, encoded.labels, encoded.weights)
            weight, bias = rows_by_class(found, len(encoded.classes))
            weight = weight / scale
            bias = (bias - weight @ mean).astype(np.float32)
            models.append(LinearModel(encoded.encoder, weight.astype(np.float32), bias, encoded.classes))
        return models

    def fit_texts(self, encoded: EncodedTexts, settings: Sequence[float], seed: int) -> list[Model]:  # noqa: ARG002
        """Of their terms and all other columns."""
        from ntgate.learners.text_logistic import fit_texts

        return fit_texts(encoded, settings)


def rows_by_class(fitted: Any, classes: int) -> tuple[Floats, Floats]:
    """Weights ``(c, d)`` and biases ``(c,)`` of a regression, a row a class, also where scikit-learn has one for two classes.

    A class that had no row is never predicted.
    """
    weight, bias = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:
        weight, bias = np.vstack([-weight, weight]) / 2, np.hstack([-bias, bias]) / 2
    full, offset = np.zeros((classes, weight.shape[1])), np.full(classes, bias.min() - 10.0)
    full[fitted.classes_], offset[fitted.classes_] = weight, bias
    return full, offset
