"""Logistic regressions, one for each penalty, each fitted from where the one before ended."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ntgate.learners.base import Encoded, EncodedTexts, Floats

if TYPE_CHECKING:
    from ntgate.models.linear import LinearModel

_ROUNDS = 200


def regressions(
    encoded: Encoded | EncodedTexts, rows: Any, penalties: Sequence[float], *, scale: Floats, mean: Floats, close: float
) -> list[LinearModel]:
    """A linear model for each inverse L2 strength, with the scale folded in.

    Args:
        encoded: the rows as the models will meet them.
        rows: the same ``(n, d)``, less ``mean`` and divided by ``scale``; sparse or not.
        penalties: inverse L2 strengths.
        scale: of each column ``(d,)``.
        mean: of each column ``(d,)``.
        close: the gradient at which a fit ends.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    from ntgate.models.linear import LinearModel

    found: Any = LogisticRegression(warm_start=True, max_iter=_ROUNDS, tol=close)
    models: list[LinearModel] = []
    for penalty in penalties:
        # Hundreds of small products: on a busy machine BLAS's threads wait for each other ten times as long as they work.
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)  # the rows held out judge what came of it
            found.set_params(C=penalty).fit(rows, encoded.labels, encoded.weights)
        weight, bias = rows_by_class(found, len(encoded.classes))
        weight = weight / scale
        bias = (bias - weight @ mean).astype(np.float32)
        models.append(LinearModel(encoded.encoder, weight.astype(np.float32), bias, encoded.classes))
    return models


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
