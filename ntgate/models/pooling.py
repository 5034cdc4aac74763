"""What a committee makes of its members' scores: their mean, a temperature, and where one was learnt a rising curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from ntgate.models.base import Scores

FLOOR = 1e-6  # what has no chance at all keeps none at every temperature, and has a logarithm
Curve: TypeAlias = tuple[tuple[float, float], ...]  # rising points from (0, 0) to (1, 1), straight between them; none: as it is


def pooled(scores: Sequence[Scores], weights: Sequence[float], temperature: float = 1.0, curve: Curve = ()) -> Scores:
    """The committee's scores ``(n, c)`` from its members', each ``(n, c)``.

    >>> half, sure = np.array([[0.5, 0.5]], np.float32), np.array([[0.9, 0.1]], np.float32)
    >>> pooled([half, sure], (0.5, 0.5)).round(2)
    array([[0.7, 0.3]], dtype=float32)
    >>> pooled([half, sure], (0.5, 0.5), temperature=0.5).round(2)
    array([[0.84, 0.16]], dtype=float32)
    >>> pooled([half, sure], (0.5, 0.5), curve=((0, 0), (0.3, 0.1), (0.7, 0.9), (1, 1))).round(2)
    array([[0.9, 0.1]], dtype=float32)
    """
    mean = sum(np.float32(weight) * part for weight, part in zip(weights, scores, strict=True))
    return along(tempered(np.asarray(mean), temperature), curve)


def tempered(scores: Scores, temperature: float) -> Scores:
    """``scores ** (1 / T)``, normalised."""
    return _normal(np.maximum(scores, np.float32(FLOOR)) ** np.float32(1 / temperature))


def along(scores: Scores, curve: Curve) -> Scores:
    """Every score ``(n, c)`` moved along ``curve``, then normalised: a row's classes keep their order."""
    if not curve:
        return scores
    moved = np.full(scores.shape, np.float32(FLOOR))
    for start, width, slope in zip(*parts(curve), strict=True):
        moved += slope * np.clip(scores - start, 0, width)
    return _normal(moved)


def parts(curve: Curve) -> tuple[Scores, Scores, Scores]:
    """Start, width and slope ``(k,)`` of each straight part of a curve.

    >>> [part.round(1).tolist() for part in parts(((0, 0), (0.5, 0.25), (1, 1)))]
    [[0.0, 0.5], [0.5, 0.5], [0.5, 1.5]]
    """
    points = np.array(curve, dtype=np.float64)
    width, height = np.diff(points, axis=0).T
    return points[:-1, 0].astype(np.float32), width.astype(np.float32), (height / width).astype(np.float32)


def _normal(powers: Scores) -> Scores:
    normal: Scores = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return normal
