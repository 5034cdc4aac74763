"""Subspace alignment: the principal axes of the source are turned onto those of the target.

Fernando et al., "Unsupervised Visual Domain Adaptation Using Subspace Alignment", ICCV 2013, equations 1 to 3.
"""

from __future__ import annotations

import numpy as np

from ntgate.strategies.maps.aligned import Aligned, Floats


def subspace_alignment(source: Floats, target: Floats, *, dimension: int) -> Aligned:
    """Source rows as ``S X_S X_S' X_T``, target rows as ``T X_T``, with ``X`` the leading principal axes ``(d, k)``.

    Args:
        source: rows ``(n, d)``, centred here.
        target: rows ``(m, d)``, centred here.
        dimension: ``k``; at most what the rows span.
    """
    k = max(1, min(dimension, source.shape[1], len(source) - 1, len(target) - 1))
    of_source, of_target = _axes(source, k), _axes(target, k)
    moved = (source - source.mean(axis=0)) @ of_source @ (of_source.T @ of_target)
    return Aligned(moved, of_target, -target.mean(axis=0) @ of_target)


def _axes(rows: Floats, k: int) -> Floats:
    """The ``k`` leading principal axes ``(d, k)``, each with its greatest entry positive so that they are reproducible."""
    _, _, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    leading = axes[:k]
    signs = np.sign(np.take_along_axis(leading, np.abs(leading).argmax(axis=1)[:, None], axis=1))
    result: Floats = (leading * np.where(signs == 0, 1.0, signs)).T
    return result
