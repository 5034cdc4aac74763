"""Transfer component analysis (TCA) with a linear kernel: axes of much variance on which the domains have the same mean.

Pan et al., "Domain Adaptation via Transfer Component Analysis", IEEE Transactions on Neural Networks 22 (2011), equation 14, in the
primal form of Long et al., "Transfer Feature Learning with Joint Distribution Adaptation", ICCV 2013, equation 9 without the
conditional terms. A linear kernel keeps the map linear, so that it can be exported; its MMD sees a difference of means and no
other. Domains that are centred one by one have none, and TCA is then the PCA of the pooled rows.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from ntgate.strategies.maps.aligned import Aligned, Floats


def transfer_components(source: Floats, target: Floats, *, dimension: int, penalty: float = 1.0) -> Aligned:
    """Both domains on the ``k`` leading solutions ``a`` of ``X H X' a = phi (X M X' + penalty I) a``.

    ``H`` centres the pooled rows ``X (d, n + m)``; ``X M X'`` is the outer product of the difference of means, and ``M`` is
    scaled to Frobenius norm 1, as in the authors' code.

    Args:
        source: rows ``(n, d)``.
        target: rows ``(m, d)``.
        dimension: ``k``; at most ``d``.
        penalty: weight of the squared norm of the axes against the difference of means.
    """
    pooled = np.concatenate([source, target])
    difference = source.mean(axis=0) - target.mean(axis=0)
    frobenius = 1 / len(source) + 1 / len(target)
    constraint = np.outer(difference, difference) / frobenius + penalty * np.eye(pooled.shape[1])
    centred = pooled - pooled.mean(axis=0)
    k = max(1, min(dimension, pooled.shape[1]))
    top = (pooled.shape[1] - k, pooled.shape[1] - 1)
    _, axes = eigh(centred.T @ centred, constraint, subset_by_index=top)
    matrix: Floats = axes[:, ::-1]
    return Aligned(source @ matrix, matrix, np.zeros(k))
