"""How much a backbone of ours computes, known before it is built."""

from __future__ import annotations

import itertools
import math

from ntgate.training.config import Backbone, Cnn, Mlp

_OVERHEAD = 1e-3  # seconds of a step, whatever the network
_SPEED = 2.5e10  # multiplications a second of a usual core
_PASSES = 3  # forwards; backwards for the weights and for the layer below


def step_seconds(backbone: Backbone, shape: tuple[int, ...], batch_size: int) -> float | None:
    """About how long one core takes for a step on rows of this ``shape``; None for a backbone that is not ours.

    >>> round(1e3 * (step_seconds(Cnn(), (16, 16), 64) or 0)), round(1e3 * (step_seconds(Mlp(), (16,), 64) or 0))
    (7, 1)
    """
    if isinstance(backbone, Mlp):
        work = sum(a * b for a, b in itertools.pairwise((math.prod(shape), *backbone.hidden)))
    elif isinstance(backbone, Cnn) and len(shape) in (2, 3):
        work = _of_cnn(backbone, shape)
    else:
        return None
    return _OVERHEAD + _PASSES * batch_size * work / _SPEED


def _of_cnn(backbone: Cnn, shape: tuple[int, ...]) -> int:
    """Multiplications of one row."""
    channels, height, width = (1, *shape) if len(shape) == 2 else shape
    work = 0
    for fan_out in backbone.channels:
        work += 9 * channels * fan_out * height * width
        channels = fan_out
        if min(height, width) >= 4:
            height, width = height // 2, width // 2
    return work + channels * height * width * backbone.width
