"""What every alignment gives: source rows in a space that target rows reach by a linear map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Aligned:
    """Both domains in one space of ``k`` features.

    A model that is trained in this space has to meet raw target features later. Whatever a method does to the source rows, the
    target's map is affine, so that it folds into a linear head and is exported with it.

    Attributes:
        source: the source rows in the common space ``(n, k)``.
        matrix: ``(d, k)``; a target row ``x`` lies at ``x @ matrix + offset``.
        offset: ``(k,)``.
    """

    source: Floats
    matrix: Floats
    offset: Floats

    def target(self, rows: Floats) -> Floats:
        """Target rows ``(m, d)`` in the common space ``(m, k)``."""
        return rows @ self.matrix + self.offset

    def folded(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """A linear head ``weight (c, k)``, ``bias (c,)`` on the common space, as a head ``(c, d)``, ``(c,)`` on target features.

        >>> aligned = Aligned(np.zeros((1, 1)), np.array([[2.0], [0.0]]), np.array([1.0]))
        >>> aligned.folded(np.array([[3.0]]), np.array([0.5]))
        (array([[6., 0.]]), array([3.5]))
        """
        return weight @ self.matrix.T, bias + weight @ self.offset


def unmoved(source: Floats, width: int) -> Aligned:
    """The form of the methods that move the source rows alone: target rows stay where they are."""
    return Aligned(source, np.eye(width), np.zeros(width))
