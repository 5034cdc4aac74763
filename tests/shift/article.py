"""The formulas of the article that ntgate started from, each as what it is, with its correction.

"Negative transfer in transfer learning and its remedies" gives the MMD as a supremum and as a distance of mean embeddings, a
program for it, and an "H-divergence". Here they are in float64 with whole kernel matrices, for small samples and for tests:
use :func:`~ntgate.shift.mmd_test` and :func:`~ntgate.shift.proxy_a_distance` for work.
(The article also calls ``sklearn.metrics.maximum_mean_discrepancy``, which does not exist.)

The kernel is ``k(a, b) = exp(-|a - b|^2 / (2 width^2))``. The article fixes its width at 1, which is arbitrary: distances of
another unit make every two samples look alike, or every two rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError
from ntgate.shift.arguments import pair
from ntgate.shift.classifier.a_distance import ProxyADistance, proxy_a_distance

Floats = npt.NDArray[np.float64]

_MOST = 5000  # rows of both samples together


def program_mmd2(x: Any, y: Any, width: float = 1.0) -> float:
    """MMD^2 as the article's program computes it; no estimator of it.

    ``sum k(x, x') / (n (n - 1)) + sum k(y, y') / (m (m - 1)) - 2 mean k(x, y)`` with the diagonal ``k(x, x) = 1`` left in the sums:
    the divisor of the U-statistic on the sum of the V-statistic. It exceeds the unbiased estimate by
    ``1 / (n - 1) + 1 / (m - 1)``, so two equal distributions seem apart: on average by 0.0202 for ``n = m = 100``.

    >>> x = np.random.default_rng(0).normal(size=(100, 2))
    >>> y = np.random.default_rng(1).normal(size=(100, 2))
    >>> round(program_mmd2(x, y) - unbiased_mmd2(x, y), 4)
    0.0202
    """
    within_x, within_y, across = _kernels(x, y, width)
    n, m = across.shape
    return float(within_x.sum() / (n * (n - 1)) + within_y.sum() / (m * (m - 1)) - 2 * across.mean())


def unbiased_mmd2(x: Any, y: Any, width: float = 1.0) -> float:
    """The U-statistic: diagonals left out, divided by ``n (n - 1)``. Gretton et al., JMLR 13 (2012), equation 3.

    Its mean is MMD^2. For equal distributions it is negative in most draws, and then has no root: report it with its sign and
    with a permutation p-value.
    """
    within_x, within_y, across = _kernels(x, y, width)
    n, m = across.shape
    return float((within_x.sum() - n) / (n * (n - 1)) + (within_y.sum() - m) / (m * (m - 1)) - 2 * across.mean())


def biased_mmd2(x: Any, y: Any, width: float = 1.0) -> float:
    """The V-statistic: diagonals kept, divided by ``n^2``. Gretton et al., JMLR 13 (2012), equation 5, squared.

    It is the squared distance ``|mu_P - mu_Q|^2`` of the samples' mean embeddings, never negative, and too large by
    ``(1 - mean k(x, x')) / n + (1 - mean k(y, y')) / m`` on average.
    """
    within_x, within_y, across = _kernels(x, y, width)
    return float(within_x.mean() + within_y.mean() - 2 * across.mean())


def witness(points: Any, x: Any, y: Any, width: float = 1.0) -> Floats:
    """The function of the unit ball at which the supremum is attained, at ``points`` ``(k, d)``: ``(mu_P - mu_Q) / |mu_P - mu_Q|``.

    Gretton et al., JMLR 13 (2012), section 2.3, normalised to norm 1.

    Raises:
        DataError: when the samples are the same, and every function attains the supremum 0.
    """
    points, x = pair(points, x, ("points", "x"))
    norm = biased_mmd2(x, y, width) ** 0.5
    if norm == 0:
        raise DataError("x and y", expected="samples that differ", got="the same rows", fix="compare other samples")
    x, y = pair(x, y)
    return np.asarray((_kernel(points, x, width).mean(axis=1) - _kernel(points, y, width).mean(axis=1)) / norm)


def supremum(x: Any, y: Any, width: float = 1.0) -> float:
    """``sup |mean f(x) - mean f(y)|`` over the functions ``f`` of the RKHS of norm 1 at most: the MMD itself, not its square.

    Without the bound on the norm, which the article leaves out, the supremum is infinite: twice the function has twice the
    difference. ``mean f(x) - mean f(y)`` is the inner product of ``f`` with ``mu_P - mu_Q``: by Cauchy and Schwarz it is
    greatest for the function of norm 1 in that direction, :func:`witness`, where it is the root of :func:`biased_mmd2`.
    Gretton et al., JMLR 13 (2012), lemma 4.

    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(50, 2)), rng.normal(size=(60, 2)) + 1
    >>> bool(np.isclose(supremum(x, y), biased_mmd2(x, y) ** 0.5))
    True
    """
    x, y = pair(x, y)
    if biased_mmd2(x, y, width) == 0:
        return 0.0
    return float(abs(witness(x, x, y, width).mean() - witness(y, x, y, width).mean()))


def article_h_divergence(x: Any, y: Any, width: float = 1.0) -> float:
    """What the article calls H-divergence: ``sup |E_P f - E_Q f|`` over the unit ball of an RKHS. It is :func:`supremum`, the MMD.

    The absolute value changes nothing, because with every ``f`` the ball holds ``-f``; nor does it make the measure more robust to
    outliers. The H-divergence is :func:`h_divergence`.
    """
    return supremum(x, y, width)


def h_divergence(x: Any, y: Any, *, seed: int = 0) -> ProxyADistance:
    """The H-divergence ``2 sup_h |P[h = 1] - Q[h = 1]|`` over linear classifiers, estimated by the proxy A-distance.

    Ben-David et al., Machine Learning 79 (2010). The supremum runs over classifiers, not over a ball of functions, so its estimate
    is the held-out error of a domain classifier. Its bound on the target error also needs the error of the best joint
    classifier, which no distance between the rows tells.
    """
    return proxy_a_distance(x, y, seed=seed)


def gaussian_mmd2(
    mean_p: npt.ArrayLike, covariance_p: npt.ArrayLike, mean_q: npt.ArrayLike, covariance_q: npt.ArrayLike, width: float = 1.0
) -> float:
    """The exact MMD^2 of two Gaussian distributions.

    The difference of two independent Gaussian rows is Gaussian, with mean ``d`` and covariance ``S``, and so
    ``E k = |I + S / width^2|^(-1/2) exp(-d' (width^2 I + S)^(-1) d / 2)``: the convolution of two Gaussian densities.

    Args:
        mean_p: ``(d,)``.
        covariance_p: ``(d, d)``.
        mean_q: ``(d,)``.
        covariance_q: ``(d, d)``.
        width: of the kernel.

    >>> round(gaussian_mmd2([0, 0], np.eye(2), [2, 2], np.eye(2)), 4)
    0.4909
    """
    p, q = (np.asarray(mean, dtype=np.float64) for mean in (mean_p, mean_q))
    of_p, of_q = (np.asarray(covariance, dtype=np.float64) for covariance in (covariance_p, covariance_q))

    def mean_kernel(difference: Floats, covariance: Floats) -> float:
        wide = width**2 * np.eye(len(difference)) + covariance
        size = np.linalg.det(wide / width**2)
        return float(np.exp(-difference @ np.linalg.solve(wide, difference) / 2) / np.sqrt(size))

    zero = np.zeros_like(p)
    return mean_kernel(zero, 2 * of_p) + mean_kernel(zero, 2 * of_q) - 2 * mean_kernel(p - q, of_p + of_q)


def _kernels(x: Any, y: Any, width: float) -> tuple[Floats, Floats, Floats]:
    """The kernel matrices within ``x``, within ``y`` and between them."""
    x, y = pair(x, y)
    if len(x) + len(y) > _MOST:
        raise DataError(
            "x and y", expected=f"at most {_MOST} rows together", got=f"{len(x) + len(y)}", fix="use ntgate.shift.mmd_test"
        )
    return _kernel(x, x, width), _kernel(y, y, width), _kernel(x, y, width)


def _kernel(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating], width: float) -> Floats:
    from scipy.spatial.distance import cdist

    if not 0 < width < np.inf:
        raise DataError("width", expected="a positive kernel width", got=f"{width}", fix="use 1.0")
    return np.asarray(np.exp(-cdist(a, b, "sqeuclidean") / (2 * width**2)))
