"""Distances between the classes of two domains, from distances between their rows.

The energy distance of two classes is ``2 E|z - x| - E|z - z'| - E|x - x'|``: Szekely and Rizzo, "Energy statistics: a class of
statistics based on distances", J. Stat. Plan. Inference 143 (2013), section 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BLOCK = 4_000_000  # distances held at a time


class Distances(NamedTuple):
    """Mean distances from rows to classes; a row is left out of the mean of its own class.

    Attributes:
        target_to_source: ``(m, s)``, target rows to source classes.
        source_to_target: ``(n, t)``, source rows to target classes.
        source_own: ``(n,)``, source rows to their own class.
        target_own: ``(m,)``, target rows to theirs.
        y_source: class of the source rows.
        y_target: class of the target rows.
    """

    target_to_source: Floats
    source_to_target: Floats
    source_own: Floats
    target_own: Floats
    y_source: Ints
    y_target: Ints

    def between(self) -> Floats:
        """The energy distance of every target class to every source class, ``(t, s)``; unbiased, so sometimes negative."""
        across = means_by_class(self.target_to_source, self.y_target, self.source_to_target.shape[1])
        within_target = means_by_class(self.target_own, self.y_target, across.shape[0])
        within_source = means_by_class(self.source_own, self.y_source, across.shape[1])
        return 2 * across - within_target[:, None] - within_source


def distances(source: Floats, y_source: Ints, target: Floats, y_target: Ints) -> Distances:
    """All mean distances between rows ``(n, d)``, ``(m, d)`` and classes, block by block.

    Args:
        source: rows, each feature already centred and scaled by what the source alone knows.
        y_source: codes ``0 .. s - 1``, each with two rows at least.
        target: rows, scaled by what the target alone knows.
        y_target: codes ``0 .. t - 1``, each with two rows at least.
    """
    target_to_source, source_to_target = _across(target, y_target, source, y_source)
    return Distances(target_to_source, source_to_target, _own(source, y_source), _own(target, y_target), y_source, y_target)


def _across(target: Floats, y_target: Ints, source: Floats, y_source: Ints) -> tuple[Floats, Floats]:
    from scipy.spatial.distance import cdist

    of_source, of_target = _indicator(y_source), _indicator(y_target)
    to_source = np.empty((len(target), of_source.shape[1]))
    to_target = np.zeros((len(source), of_target.shape[1]))
    step = max(1, _BLOCK // len(source))
    for start in range(0, len(target), step):
        block = slice(start, start + step)
        between = cdist(target[block], source)
        to_source[block] = between @ of_source
        to_target += between.T @ of_target[block]
    return to_source / of_source.sum(axis=0), to_target / of_target.sum(axis=0)


def _own(rows: Floats, y: Ints) -> Floats:
    from scipy.spatial.distance import cdist

    found = np.empty(len(rows))
    for k in range(int(y.max()) + 1):
        mine = rows[y == k]
        step = max(1, _BLOCK // len(mine))
        sums = [cdist(mine[start : start + step], mine).sum(axis=1) for start in range(0, len(mine), step)]
        found[y == k] = np.concatenate(sums) / (len(mine) - 1)
    return found


def _indicator(y: Ints) -> Floats:
    return np.asarray(np.eye(int(y.max()) + 1)[y])


def means_by_class(values: Floats, y: Ints, classes: int) -> Floats:
    """Means ``(classes, ...)`` of ``values`` ``(n, ...)`` over each class."""
    return np.stack([values[y == k].mean(axis=0) for k in range(classes)])
