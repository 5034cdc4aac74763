"""Density ratio by unconstrained least squares (uLSIF).

Kanamori, Hido and Sugiyama, "A Least-squares Approach to Direct Importance Estimation", JMLR 10 (2009), sections 2.2 and 3.
"""

from __future__ import annotations

import numpy as np

from ntgate.strategies.weighting.bounded import Floats
from ntgate.strategies.weighting.gaussian_basis import centres, gaussian, squared_distances, widths

_PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)


def density_ratio(source: Floats, target: Floats, *, folds: int = 5, seed: int = 0) -> Floats:
    """``q(x) / p(x)`` ``(n,)`` at the source rows, ``q`` the target's density and ``p`` the source's.

    The ratio is a sum of Gaussians around target rows whose coefficients minimise ``mean_p (w - q/p)^2``, up to a constant
    ``mean_p w^2 / 2 - mean_q w``: the solution of ``(H + penalty I) a = h``. Width and penalty are those with the least
    held-out value.

    Args:
        source: rows ``(n, d)``, standardised.
        target: rows ``(m, d)``, standardised likewise.
        folds: of the cross-validation.
        seed: of centres and folds.
    """
    rng = np.random.default_rng(seed)
    around = centres(target, rng)
    of_source, of_target = squared_distances(source, around), squared_distances(target, around)
    splits = max(2, min(folds, len(source), len(target)))
    fold_source = rng.permutation(np.arange(len(source)) % splits)
    fold_target = rng.permutation(np.arange(len(target)) % splits)
    best: tuple[float, float, float] | None = None
    for width in widths(source, target, rng):
        p, q = gaussian(of_source, width), gaussian(of_target, width)
        for penalty in _PENALTIES:
            held = []
            for fold in range(splits):
                out, out_target = fold_source == fold, fold_target == fold
                if not out.any() or not out_target.any() or out_target.all():
                    continue
                coefficients = solution(p[~out], q[~out_target], penalty)
                held.append(np.square(p[out] @ coefficients).mean() / 2 - (q[out_target] @ coefficients).mean())
            value = float(np.mean(held)) if held else 0.0
            if best is None or value < best[0]:
                best = value, width, penalty
    assert best is not None
    _, width, penalty = best
    p, q = gaussian(of_source, width), gaussian(of_target, width)
    return np.asarray(p @ solution(p, q, penalty))


def solution(p: Floats, q: Floats, penalty: float) -> Floats:
    """Coefficients ``(b,)`` from the basis at source rows ``p (n, b)`` and at target rows ``q (m, b)``; negative ones become 0."""
    system = p.T @ p / len(p) + penalty * np.eye(p.shape[1])
    return np.asarray(np.maximum(np.linalg.solve(system, q.mean(axis=0)), 0))
