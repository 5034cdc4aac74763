"""Kernel mean matching (KMM): weights under which the source's mean embedding is the target's.

Huang et al., "Correcting Sample Selection Bias by Unlabeled Data", NeurIPS 2006, equations 9 to 12.
"""

from __future__ import annotations

import numpy as np

from ntgate.shift.kernel import bandwidth
from ntgate.strategies.weighting.bounded import Floats
from ntgate.strategies.weighting.gaussian_basis import gaussian, squared_distances

BLOCK = 1000
_STEPS = 1000


def kernel_mean_matching(source: Floats, target: Floats, *, most: float = 10.0, ridge: float = 1.0, seed: int = 0) -> Floats:
    """Weights ``(n,)`` in ``[0, most]`` that bring the weighted source closest to the target in a Gaussian RKHS.

    The kernel is as wide as the median distance. The program is quadratic in the rows, so that source rows are matched in random
    blocks of at most 1,000, each on its own, against at most 1,000 target rows: every block is a sample of the source.

    Args:
        source: rows ``(n, d)``, standardised.
        target: rows ``(m, d)``, standardised likewise.
        most: the bound ``B``.
        ridge: weight of ``|w - 1|^2 / 2`` beside the paper's objective, which has none. Without it the weights follow the noise
            in the mean embeddings: for two normal samples of five features (1,000 and 300 rows, means 0.8 apart) their correlation
            with the true ratio is 0.5 to 0.6, and 0.9 with it.
        seed: of the blocks.
    """
    rng = np.random.default_rng(seed)
    pooled = np.concatenate([source, target])
    width = bandwidth.scale(pooled[bandwidth.positions(len(pooled), rng)]).median or 1.0
    some = target[np.sort(rng.permutation(len(target))[:BLOCK])]
    weights = np.zeros(len(source))
    for rows in np.array_split(rng.permutation(len(source)), -(-len(source) // BLOCK)):
        kernel = gaussian(squared_distances(source[rows], source[rows]), width)
        towards = gaussian(squared_distances(source[rows], some), width).mean(axis=1) * len(rows)
        weights[rows] = matched(kernel + ridge * np.eye(len(rows)), towards + ridge, most)
    return weights


def matched(kernel: Floats, towards: Floats, most: float) -> Floats:
    """Minimise ``w' K w / 2 - k' w`` over ``0 <= w <= most`` and ``|mean w - 1| <= most / sqrt(n)``.

    Accelerated projected gradients with restarts (O'Donoghue and Candès, "Adaptive Restart for Accelerated Gradient Schemes",
    2015): the kernel's small eigenvalues, which an interior-point method would labour on, are directions that hardly matter.

    Args:
        kernel: ``K`` ``(n, n)``, positive semidefinite.
        towards: ``k`` ``(n,)``, ``n / m`` times the sums of the kernel over target rows.
        most: the bound ``B``.
    """
    n = len(kernel)
    slack = min(most / n**0.5, 1.0)
    least_sum, most_sum = n * (1 - slack), n * (1 + slack)
    step = 1 / np.abs(kernel).sum(axis=0).max()
    w = leading = np.ones(n)
    momentum = 1.0
    for _ in range(_STEPS):
        gradient = kernel @ leading - towards
        moved = projected(leading - step * gradient, most, least_sum, most_sum)
        if np.abs(moved - w).max() < 1e-6 * most:
            return moved
        if gradient @ (moved - w) > 0:
            momentum = 1.0
        following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        leading = moved + (momentum - 1) / following * (moved - w)
        w, momentum = moved, following
    return w


def projected(v: Floats, most: float, least_sum: float, most_sum: float) -> Floats:
    """The point of ``0 <= w <= most``, ``least_sum <= sum w <= most_sum`` nearest to ``v`` ``(n,)``.

    >>> projected(np.array([3.0, 2.0]), most=5.0, least_sum=0.0, most_sum=3.0).round(6)
    array([2., 1.])
    """
    clipped = np.clip(v, 0, most)
    wanted = min(max(float(clipped.sum()), least_sum), most_sum)
    if wanted == clipped.sum():
        return clipped
    # The nearest point is v moved by one constant, and clipped; the sum falls with the constant, piecewise linearly.
    low, high = float(v.min()) - most, float(v.max())
    for _ in range(60):
        middle = (low + high) / 2
        if np.clip(v - middle, 0, most).sum() > wanted:
            low = middle
        else:
            high = middle
    return np.clip(v - (low + high) / 2, 0, most)
