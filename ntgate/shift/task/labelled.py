"""Labelled rows of one domain, chosen by class name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ntgate.errors import DataError
from ntgate.shift.arguments import Floats, Ints, label_codes


class Labelled(NamedTuple):
    """Rows ``(n, d)`` with the codes ``y`` ``(n,)`` of their classes."""

    rows: Floats
    y: Ints
    classes: tuple[str, ...]

    def count(self, name: str) -> int:
        """How many rows a class has."""
        return int((self.y == self.classes.index(name)).sum())

    def of(self, name: str) -> Floats:
        """The rows of a class."""
        return np.asarray(self.rows[self.y == self.classes.index(name)])

    def only(self, names: Sequence[str]) -> Labelled:
        """The rows of these classes, with codes into ``names``."""
        code = np.array([names.index(name) if name in names else -1 for name in self.classes], dtype=np.int64)
        y = code[self.y]
        return Labelled(self.rows[y >= 0], y[y >= 0], tuple(names))

    def at_most(self, rows: int, rng: np.random.Generator) -> Labelled:
        """A random choice of ``rows`` rows."""
        if len(self.y) <= rows:
            return self
        chosen = np.sort(rng.choice(len(self.y), rows, replace=False))
        return Labelled(self.rows[chosen], self.y[chosen], self.classes)

    def at_most_a_class(self, rows: int, rng: np.random.Generator) -> Labelled:
        """A random choice of ``rows`` rows of every class."""
        order = np.lexsort((rng.random(len(self.y)), self.y))
        place = np.arange(len(order)) - np.searchsorted(self.y[order], self.y[order])
        chosen = np.sort(order[place < rows])
        return Labelled(self.rows[chosen], self.y[chosen], self.classes)


def labelled(rows: Floats, labels: Any, classes: Sequence[str], name: str) -> Labelled:
    """Rows with labels, checked.

    Raises:
        DataError: naming the argument, ``name`` with ``_labels`` or ``_classes``, when labels are no codes into different names.
    """
    if not classes or len(set(classes)) < len(classes):
        raise DataError(f"{name}_classes", expected="different names", got=f"{tuple(classes)}", fix="name the classes")
    return Labelled(rows, label_codes(labels, classes, f"{name}_labels", rows=len(rows)), tuple(classes))
