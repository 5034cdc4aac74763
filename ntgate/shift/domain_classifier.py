"""The proxy A-distance: how well a classifier tells two domains apart on rows it has not seen.

Ben-David et al., "A theory of learning from different domains", Machine Learning 79 (2010): the H-divergence is
``2 sup_h |P[h = 1] - Q[h = 1]|``, and ``2 (1 - 2 err)`` estimates it, with ``err`` the held-out error of a domain classifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import DataError

if TYPE_CHECKING:
    Floats = npt.NDArray[np.floating]


class ProxyADistance(Frozen):
    """The distance with what it rests on.

    Attributes:
        distance: ``2 (1 - 2 error)``, clipped at 0; at most 2.
        interval: 95 %, from the exact binomial interval of the error.
        error: held-out error of the domain classifier; 0.5 when it cannot tell.
        rows: rows of each domain that were used.
    """

    distance: float
    interval: tuple[float, float]
    error: float
    rows: int


def proxy_a_distance(x: Floats, y: Floats, *, folds: int = 5, max_rows: int = 2000, seed: int = 0) -> ProxyADistance:
    """Train a linear domain classifier on equally many rows of each domain, and test it on held-out folds.

    Each row is judged once, by a classifier that has not seen it. The interval counts the rows as independent; sharing
    training rows between folds makes it slightly too narrow.

    Args:
        x: rows ``(n, d)``.
        y: rows ``(m, d)``.
        folds: of the cross-validation.
        max_rows: of each domain; more are sampled down.
        seed: of sampling and folds.

    Raises:
        DataError: when a domain has fewer rows than folds.

    >>> rng = np.random.default_rng(0)
    >>> far = proxy_a_distance(rng.normal(size=(200, 2)), rng.normal(size=(200, 2)) + 9)
    >>> far.distance
    2.0
    """
    from scipy.stats import beta
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    rows = min(len(x), len(y), max_rows)
    if rows < folds:
        raise DataError("x and y", expected=f"at least {folds} rows each", got=f"{len(x)} and {len(y)}", fix="add rows")
    rng = np.random.default_rng(seed)
    pooled = np.concatenate([part[rng.permutation(len(part))[:rows]] for part in (x, y)]).astype(np.float64)
    domain = np.repeat([0, 1], rows)
    centred = pooled - pooled.mean(axis=0)
    # As in the network's normaliser: a feature that is almost constant keeps its scale.
    scale = np.maximum(centred.std(axis=0), np.ptp(centred, axis=0) / 20)
    centred /= np.where(scale > 0, scale, 1)
    wrong = 0
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed).split(centred, domain):
        classifier = LogisticRegression(C=0.1, max_iter=200).fit(centred[train], domain[train])
        wrong += int((classifier.predict(centred[test]) != domain[test]).sum())
    total = 2 * rows
    low = float(beta.ppf(0.025, wrong, total - wrong + 1)) if wrong else 0.0
    high = float(beta.ppf(0.975, wrong + 1, total - wrong)) if wrong < total else 1.0
    return ProxyADistance(
        distance=_distance(wrong / total), interval=(_distance(high), _distance(low)), error=wrong / total, rows=rows
    )


def _distance(error: float) -> float:
    return max(0.0, 2 * (1 - 2 * error))
