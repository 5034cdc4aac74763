"""The scale of every feature where rows are mapped by their moments or matched by class; tests take that of ``robust_scale.py``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


def feature_scale(rows: Floats) -> npt.NDArray[np.float64]:
    """The scale ``(d,)`` of the features of ``rows`` ``(n, d)``: the standard deviation, 1 for a constant feature.

    It is at least a twentieth of the feature's range, as in the network's normaliser: a feature that is almost constant
    keeps its scale instead of being blown up.

    >>> feature_scale(np.array([[0.0, 7.0], [2.0, 7.0]]))
    array([1., 1.])
    """
    scale = np.maximum(rows.std(axis=0, dtype=np.float64), np.ptp(rows, axis=0).astype(np.float64) / 20)
    return np.where(scale > 0, scale, 1.0)
