"""The Kullback-Leibler importance estimation procedure (KLIEP).

Sugiyama et al., "Direct Importance Estimation with Model Selection and Its Application to Covariate Shift Adaptation", NeurIPS
2007: the program of section 2, and the choice of the width by likelihood cross-validation.
"""

from __future__ import annotations

import numpy as np

from ntgate.strategies.weighting.bounded import Floats
from ntgate.strategies.weighting.gaussian_basis import centres, gaussian, squared_distances, widths

_STEPS = 1000
_TOLERANCE = 1e-4  # of the mean log ratio
_LEAST = 1e-300  # keeps logarithms and divisions finite


def kliep(source: Floats, target: Floats, *, folds: int = 5, seed: int = 0) -> Floats:
    """``q(x) / p(x)`` ``(n,)`` at the source rows, of mean 1 there.

    Args:
        source: rows ``(n, d)``, standardised.
        target: rows ``(m, d)``, standardised likewise.
        folds: of the cross-validation over target rows.
        seed: of centres and folds.
    """
    rng = np.random.default_rng(seed)
    around = centres(target, rng)
    of_source, of_target = squared_distances(source, around), squared_distances(target, around)
    splits = min(folds, len(target))
    fold = rng.permutation(np.arange(len(target)) % splits)

    def held_out(width: float) -> float:
        p, q = gaussian(of_source, width), gaussian(of_target, width)
        if splits < 2:
            return 0.0
        logs = [np.log(np.maximum(q[fold == i] @ coefficients(p, q[fold != i]), _LEAST)) for i in range(splits)]
        return float(np.concatenate(logs).mean())

    width = max(widths(source, target, rng), key=held_out)
    p = gaussian(of_source, width)
    return np.asarray(p @ coefficients(p, gaussian(of_target, width)))


def coefficients(p: Floats, q: Floats) -> Floats:
    """The ``a >= 0`` that maximise ``mean log(q a)`` with ``mean(p a) = 1``.

    Scaled so that every basis function has mean 1 on the source rows, the coefficients are proportions of a mixture, and the
    problem is their maximum likelihood: expectation maximisation climbs to the only maximum without a step size. By concavity the
    greatest gradient bounds what is still to be gained, and ends the climb.

    Args:
        p: the basis at source rows ``(n, b)``.
        q: the basis at target rows ``(m, b)``.

    Returns:
        The coefficients ``(b,)``.
    """
    means = p.mean(axis=0)
    usable = means > _LEAST
    a = np.zeros(p.shape[1])
    scaled = q[:, usable] / means[usable]
    share = np.full(int(usable.sum()), 1 / max(int(usable.sum()), 1))
    for _ in range(_STEPS):
        gradient = (scaled / np.maximum(scaled @ share, _LEAST)[:, None]).mean(axis=0)
        if not len(gradient) or gradient.max() <= 1 + _TOLERANCE:
            break
        share = share * gradient
        share /= share.sum()
    a[usable] = share / means[usable]
    return a
