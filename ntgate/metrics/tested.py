"""What a metric's test is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntgate.evaluation.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class Pair:
    """Two arms' scores on the same rows.

    Attributes:
        y: labels ``(n,)``.
        first: scores ``(n, c)`` of the arm that is to be better.
        second: those of the other.
        groups: clusters ``(n,)``, whose rows are not independent; None: all rows are.
        constant: whether one arm always gives the same answer.
    """

    y: Ints
    first: Floats
    second: Floats
    groups: npt.NDArray[np.generic] | None = None
    constant: bool = False


@dataclass(frozen=True)
class Level:
    """How a test is carried out.

    Attributes:
        alpha: level of each side.
        margin: the gain that has to be exceeded; negative for non-inferiority.
        resamples: of tests that draw.
        seed: of what is drawn.
    """

    alpha: float
    margin: float
    resamples: int
    seed: int


@dataclass(frozen=True)
class Tested:
    """The answer of a test of the gain of the first arm over the second.

    Attributes:
        interval: of the gain, two-sided at level ``1 - 2 alpha``.
        p_value: one-sided, against a gain of at most the margin.
        counts: rows that only the first, and only the second, gets right; None for metrics that do not count rows.
        note: what the reader has to know about how it was compared.
        count_needed: counts the test rows that would show such a gain with 80 % power, which can take seconds; None: it cannot be
            said.
    """

    interval: tuple[float, float]
    p_value: float
    counts: tuple[int, int] | None = None
    note: str = ""
    count_needed: Callable[[], int | None] | None = None
