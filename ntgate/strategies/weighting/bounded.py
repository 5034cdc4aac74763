"""Weights made safe: mean one, none above a bound, and what the rows are still worth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntgate.errors import DataError

Floats = npt.NDArray[np.float64]


def bounded(weights: Floats, most: float) -> Floats:
    """Clip and rescale so that the mean is 1 and no weight exceeds ``most``.

    To clip and then to rescale would lift the clipped weights above the bound again. So the scale ``c`` is sought at which
    ``min(c w, most)`` has mean 1: weights that are not clipped keep their proportions.

    Args:
        weights: ``(n,)``, not negative.
        most: at least 1. Without a bound a few rows can decide everything: Cortes et al., "Learning Bounds for Importance
            Weighting", NeurIPS 2010.

    Raises:
        DataError: when the weights are not finite, or so few are above 0 that the bound cannot hold.

    >>> bounded(np.array([1.0, 1.0, 10.0]), most=2.0)
    array([0.5, 0.5, 2. ])
    """
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise DataError(
            "source weights", expected="finite weights", got="NaN, infinity or negative ones", fix="try another weighting"
        )
    positive = int((weights > 0).sum())
    if positive * most < len(weights):
        raise DataError(
            "source rows",
            expected=f"at least one in {most:g} that resembles the target",
            got=f"{positive} of {len(weights)}",
            fix="raise the bound, or do not transfer by instances",
        )
    # With the k greatest weights at the bound the others share what is left; k is the least number for which none exceeds it.
    descending = np.sort(weights)[::-1]
    rest = np.cumsum(descending[::-1])[::-1]
    clipped = np.arange(len(weights))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scales = (len(weights) - clipped * most) / rest
        fits = (descending * scales <= most * (1 + 1e-12)) & np.isfinite(scales)
    if not fits.any():  # every positive weight is at the bound
        return np.where(weights > 0, len(weights) / positive, 0.0)
    return np.asarray(np.minimum(weights * scales[int(fits.argmax())], most))


def effective_sample_size(weights: Floats) -> float:
    """How many equally weighted rows the weighted ones are worth: ``(sum w)^2 / sum w^2`` (Kish, "Survey Sampling", 1965).

    >>> effective_sample_size(np.array([1.0, 1.0, 0.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / np.square(weights).sum())
