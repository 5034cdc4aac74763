"""Correlation alignment (CORAL): the source rows are given the target's covariance.

Sun, Feng and Saenko, "Return of Frustratingly Easy Domain Adaptation", AAAI 2016, algorithm 1.
"""

from __future__ import annotations

import numpy as np

from ntgate.strategies.maps.aligned import Aligned, Floats, unmoved


def coral(source: Floats, target: Floats, *, ridge: float = 1.0) -> Aligned:
    """Whiten the source rows and colour them as the target: ``S (C_S + r I)^(-1/2) (C_T + r I)^(1/2)``, mean on mean.

    Args:
        source: rows ``(n, d)``.
        target: rows ``(m, d)``; target rows stay where they are.
        ridge: added to both diagonals, 1 in the paper, which presupposes standardised features.

    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) @ [[2.0, 0], [1, 1]]
    >>> moved = coral(source, target, ridge=0.0).source
    >>> np.allclose(np.cov(moved, rowvar=False), np.cov(target, rowvar=False))
    True
    """
    mean = source.mean(axis=0)
    recolour = _power(source, ridge, -0.5) @ _power(target, ridge, 0.5)
    return unmoved((source - mean) @ recolour + target.mean(axis=0), source.shape[1])


def _power(rows: Floats, ridge: float, exponent: float) -> Floats:
    """A power of the covariance ``(d, d)``; directions without any variance are left out of a negative one."""
    centred = rows - rows.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / max(len(rows) - 1, 1) + ridge * np.eye(rows.shape[1]))
    kept = values > values[-1] * rows.shape[1] * np.finfo(np.float64).eps
    powers = np.zeros_like(values)
    powers[kept] = values[kept] ** exponent
    result: Floats = (vectors * powers) @ vectors.T
    return result
