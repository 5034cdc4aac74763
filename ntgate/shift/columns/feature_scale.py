"""The scale of every feature where rows are mapped by their moments or matched by class; tests take that of ``robust_scale.py``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


def feature_scale(rows: Floats, weights: Floats | None = None) -> npt.NDArray[np.float64]:
    """The scale ``(d,)`` of the features of ``rows`` ``(n, d)``: the standard deviation, 1 for a constant feature.

    It is at least a twentieth of the feature's range, as in the network's normaliser: a feature that is almost constant
    keeps its scale instead of being blown up. With ``weights`` ``(n,)`` a feature that varies in few rows has the scale that these
    rows are worth.

    >>> feature_scale(np.array([[0.0, 7.0], [2.0, 7.0]]))
    array([1., 1.])
    >>> feature_scale(np.array([[0.0], [0.0], [0.0], [2.0]]), weights=np.array([1.0, 1.0, 1.0, 3.0]))
    array([1.])
    """
    if weights is None:
        deviation = rows.std(axis=0, dtype=np.float64)
    else:
        centred = rows - np.average(rows, axis=0, weights=weights)
        deviation = np.sqrt(np.einsum("n,nd,nd->d", weights, centred, centred) / weights.sum())  # without two more such arrays
    spread = np.ptp(rows, axis=0).astype(np.float64)
    return np.where(spread > 0, np.maximum(deviation, spread / 20), 1.0)
