"""Optimal transport: every source row moves to the mean of the target rows that its mass is sent to.

Courty et al., "Optimal Transport for Domain Adaptation", IEEE Transactions on Pattern Analysis and Machine Intelligence 39 (2017),
sections 3 and 4: the plan, its entropy, and the barycentric map. POT computes the plan; it is an extra, ``ntgate[transport]``.
"""

from __future__ import annotations

import warnings

import numpy as np

from ntgate.errors import ModelError
from ntgate.extras import lacking, require
from ntgate.strategies.maps.aligned import Aligned, Floats, unmoved


def available() -> bool:
    """Whether POT is installed."""
    return not lacking("transport")


def optimal_transport(source: Floats, target: Floats, *, entropy: float = 0.0) -> Aligned:
    """Move the source rows onto the target's by the plan of least squared Euclidean distance; target rows stay.

    Args:
        source: rows ``(n, d)``, all of equal mass.
        target: rows ``(m, d)``, all of equal mass.
        entropy: weight of the plan's entropy, in units of the mean cost (Cuturi, NeurIPS 2013); 0 computes the exact plan, in
            time about cubic in the rows.

    Raises:
        ConfigError: when POT is not installed.
        ModelError: when it finds no plan.
    """
    require("optimal transport", "transport")
    import ot

    n, m = len(source), len(target)
    cost = ot.dist(source, target)  # squared Euclidean
    cost /= cost.mean() or 1.0
    masses = np.full(n, 1 / n), np.full(m, 1 / m)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it was stopped early is seen below, in the masses
        if entropy:
            plan = ot.sinkhorn(*masses, cost, entropy, method="sinkhorn_log", numItermax=2000, stopThr=1e-7)
        else:
            plan = ot.emd(*masses, cost, numItermax=1_000_000)
    received = plan.sum(axis=1, keepdims=True)
    if not np.isfinite(plan).all() or not np.allclose(received * n, 1, atol=0.05):
        raise ModelError(
            "optimal transport",
            expected="a plan that sends every source row somewhere",
            got="none that converged",
            fix="set a larger entropy",
        )
    return unmoved(plan @ target / received, source.shape[1])
