"""The one linear classifier that the measures train: logistic regression on standardised features, fairly regularised."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt


def fitted(rows: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> Any:
    """Scikit-learn's multinomial logistic regression, trained on ``rows`` ``(n, d)`` and ``labels`` ``(n,)``.

    Args:
        rows: standardised features.
        labels: at least two different ones.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    # Hundreds of small products: BLAS's threads wait for each other longer than they work, and take the core that others train on.
    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        # A classifier that was stopped early is a classifier too: what counts is its error on held-out rows.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=0.1, max_iter=200).fit(rows, labels)
