"""Domain classifier: the odds of being a target row, from a classifier that has not seen the row.

Bickel, Brückner and Scheffer, "Discriminative Learning for Differing Training and Test Distributions", ICML 2007, equation 8.
"""

from __future__ import annotations

import numpy as np

from ntgate.errors import DataError
from ntgate.shift.classifier.logistic import fitted
from ntgate.strategies.weighting.bounded import Floats


def classifier_odds(source: Floats, target: Floats, *, folds: int = 5, seed: int = 0) -> Floats:
    """The density ratio ``(n,)`` as ``(n / m) P(target | x) / P(source | x)`` by logistic regression.

    Each source row is judged by the classifier of the fold that it was held out from: in many dimensions a classifier knows its
    own training rows, and would give every one of them odds near 0.

    Args:
        source: rows ``(n, d)``, standardised.
        target: rows ``(m, d)``, standardised likewise.
        folds: of the cross-fitting; fewer where a domain has fewer rows.
        seed: of the folds.
    """
    from sklearn.model_selection import StratifiedKFold

    splits = min(folds, len(source), len(target))
    if splits < 2:
        raise DataError(
            "source and target",
            expected="two rows each for a domain classifier",
            got=f"{len(source)} and {len(target)}",
            fix="add rows",
        )
    rows = np.concatenate([source, target])
    domain = np.repeat([0, 1], [len(source), len(target)])
    logits = np.zeros(len(rows))
    for train, held in StratifiedKFold(splits, shuffle=True, random_state=seed).split(rows, domain):
        logits[held] = fitted(rows[train], domain[train]).decision_function(rows[held])
    return np.asarray(np.exp(np.clip(logits[: len(source)], -30, 30)) * len(source) / len(target))
