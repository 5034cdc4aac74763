"""How far class scores can be taken for chances, and the temperature that brings them there.

Guo, Pleiss, Sun & Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
_DOUBT = 50  # rows that it takes to believe half of what a temperature was learnt from
LEAST = 1e-6  # chance below which a score is not believed: one wrong row of chance 0 would be an infinite loss


class Bin(Frozen):
    """Rows whose greatest score lies within the same range.

    Attributes:
        rows: how many.
        confidence: mean of their greatest scores.
        accuracy: share of them that are right.
    """

    rows: int
    confidence: float
    accuracy: float


def log_loss(labels: Ints, scores: Floats) -> float:
    """Mean cross-entropy, in nats, of scores ``(n, c)``.

    >>> round(log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    """
    return float(losses(labels, scores).mean())


def losses(labels: Ints, scores: Floats) -> npt.NDArray[np.float64]:
    """The cross-entropy ``(n,)`` of each row, in nats."""
    chance: npt.NDArray[np.float64] = np.maximum(scores[np.arange(len(labels)), labels].astype(np.float64), LEAST)
    return -np.log(chance)


def reliability(labels: Ints, scores: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """The bins of a reliability diagram, each with as many rows as the next, the least sure first.

    >>> reliability(np.array([0, 0]), np.array([[0.6, 0.4], [0.1, 0.9]]), bins=2)
    (Bin(rows=1, confidence=0.6, accuracy=1.0), Bin(rows=1, confidence=0.9, accuracy=0.0))
    """
    greatest, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    parts = np.array_split(np.argsort(greatest, kind="stable"), min(bins, max(1, len(labels))))
    return tuple(
        Bin(rows=len(part), confidence=float(greatest[part].mean()), accuracy=float(right[part].mean()))
        for part in parts
        if len(part)
    )


def best_temperature(labels: Ints, scores: Floats) -> float:
    """The temperature, a fifth to 5, at which ``scores ** (1 / T)``, normalised, have the least log-loss.

    The loss is convex in ``1 / T``, so that the one minimum is found by bisection of its slope. On few rows, which may all be right
    by chance, it is drawn towards 1.

    >>> rng = np.random.default_rng(0)
    >>> labels = (rng.random(4000) < 0.7).astype(int)
    >>> round(best_temperature(labels, np.tile([0.1, 0.9], (4000, 1))), 1)  # 0.9 is too sure where 0.7 are right
    2.5
    """
    logits = np.log(np.maximum(scores.astype(np.float64), LEAST))
    own = logits[np.arange(len(labels)), labels]

    def slope(sharpness: float) -> float:
        powers = np.exp(sharpness * (logits - logits.max(axis=1, keepdims=True)))
        expected = (powers * logits).sum(axis=1) / powers.sum(axis=1)
        return float((expected - own).mean())

    low, high = 0.2, 5.0
    if not len(labels):
        return 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    found = 2 / (low + high)
    return float(found ** (len(labels) / (len(labels) + _DOUBT)))
