"""Distances between the moments of two batches of features, as losses.

Long et al., "Learning Transferable Features with Deep Adaptation Networks", ICML 2015 (the multi-kernel MMD).
Sun & Saenko, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation", ECCV Workshops 2016, equations 1 to 3.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ntgate.training.precision import at_least_float32, in_full_precision

WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)


def multi_kernel_mmd2(x: Tensor, y: Tensor, widths: tuple[float, ...] = WIDTHS) -> Tensor:
    """The unbiased squared MMD of ``x`` ``(n, d)`` and ``y`` ``(m, d)`` under a mean of Gaussian kernels; it can be negative.

    A kernel is ``exp(-|a - b|^2 / (w s))`` with ``s`` the mean squared distance of two different rows of both batches and ``w`` one
    of ``widths``. The scale ``s`` is a constant for the gradient: the features shall meet, not stretch the kernel.

    >>> x = torch.tensor([[0.0], [1.0], [2.0]])
    >>> bool(multi_kernel_mmd2(x, x + 5) > multi_kernel_mmd2(x, x + 1))
    True
    """
    if len(x) < 2 or len(y) < 2:
        return (x.sum() + y.sum()) * 0.0  # no pair, no estimate
    with in_full_precision(x):
        rows = torch.cat([at_least_float32(x), at_least_float32(y)])
        rows = rows - rows.detach().mean(dim=0)  # a common offset would cost the digits of the difference below
        squares = rows.square().sum(dim=1)
        # By products and not by cdist, whose gradient is not defined where two rows are equal.
        distances = (squares[:, None] + squares[None, :] - 2 * rows @ rows.T).clamp(min=0)
    n, m, both = len(x), len(y), len(rows)
    scale = (distances.detach().sum() / (both * (both - 1))).clamp(min=1e-12)
    kernel = torch.stack([torch.exp(-distances / (width * scale)) for width in widths]).mean(dim=0)
    kernel = kernel * (1 - torch.eye(both, dtype=kernel.dtype, device=kernel.device))
    within = kernel[:n, :n].sum() / (n * (n - 1)) + kernel[n:, n:].sum() / (m * (m - 1))
    return within - 2 * kernel[:n, n:].mean()


def coral_distance(x: Tensor, y: Tensor) -> Tensor:
    """``|C_x - C_y|^2 / (4 d^2)``, with the covariances ``C`` of ``x`` ``(n, d)`` and ``y`` ``(m, d)`` and the Frobenius norm.

    >>> x = torch.tensor([[-1.0], [1.0]])
    >>> float(coral_distance(x, 2 * x))  # variances 2 and 8
    9.0
    """
    if len(x) < 2 or len(y) < 2:
        return (x.sum() + y.sum()) * 0.0
    with in_full_precision(x):
        difference = _covariance(at_least_float32(x)) - _covariance(at_least_float32(y))
    return difference.square().sum() / (4 * x.shape[1] ** 2)


def _covariance(x: Tensor) -> Tensor:
    """``(d, d)``, with ``n - 1`` in the denominator."""
    centred = x - x.mean(dim=0)
    return centred.T @ centred / (len(x) - 1)
