"""Folds: the labelled target rows divided so that each is held out once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain, Ints
from ntgate.data.splits import units_of
from ntgate.errors import DataError


def folds(domain: Domain, count: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold ``(n,)`` of every row, each class spread evenly over them.

    Rows of one group, and copies of one row, stand in one fold.

    Args:
        domain: labelled rows.
        count: number of folds.
        seed: of the shuffling.

    Raises:
        DataError: when a class would be left without rows for training and validation beside a held-out fold.

    >>> d = Domain("target", np.arange(8, dtype=np.float32)[:, None], np.arange(8) % 2, ("a", "b"))
    >>> np.bincount(folds(d, 4, seed=0)).tolist()
    [2, 2, 2, 2]
    """
    _, main = _units(domain)
    for code, name in enumerate(domain.classes):
        if (members := int((main == code).sum())) < 3:
            raise DataError(
                domain.name,
                expected="for cross-fitting, three rows (or groups) of each class at least",
                got=f"{members} of class {name!r}",
                fix="label more rows of that class, or leave gate.cross_fitting out",
            )
    if len(main) < count:
        raise DataError(
            domain.name, expected=f"rows for each of {count} folds", got=f"{len(main)} rows or groups", fix="ask for fewer folds"
        )
    return dealt(domain, count, seed)


def dealt(domain: Domain, count: int, seed: int) -> npt.NDArray[np.int64]:
    """The fold ``(n,)`` of every row as in :func:`folds`, where a class may have too few rows for each fold.

    Args:
        domain: labelled rows.
        count: number of folds, at most that of the rows (or groups).
        seed: of the shuffling.
    """
    unit, main = _units(domain)
    sizes = np.bincount(unit)
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(sizes), dtype=np.int64)
    load = np.zeros(count, dtype=np.int64)
    for code in range(len(domain.classes)):
        members = rng.permutation(np.flatnonzero(main == code))
        of_class = np.zeros(count, dtype=np.int64)
        for member in members[np.argsort(-sizes[members], kind="stable")]:
            lightest = np.lexsort((load, of_class))[0]  # the fold with the fewest rows of this class, then of all
            fold[member] = lightest
            of_class[lightest] += sizes[member]
            load[lightest] += sizes[member]
    return fold[unit]


def _units(domain: Domain) -> tuple[Ints, Ints]:
    """The unit ``(n,)`` of each row, and the class of each unit: of several, the one that it has most of."""
    unit = units_of(domain)
    counts = np.zeros((int(unit.max(initial=-1)) + 1, len(domain.classes)), dtype=np.int64)
    np.add.at(counts, (unit, domain.labels), 1)
    return unit, counts.argmax(axis=1)
