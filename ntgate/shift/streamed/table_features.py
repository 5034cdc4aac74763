"""Each feature of two tables on its own, from sums and counts that many workers can make: no table is ever in one memory.

Moments of stretches are merged by Chan, Golub and LeVeque, "Algorithms for Computing the Sample Variance", The American
Statistician 37 (1983), equations 2.1. The distributions are compared at a few dozen values, quantiles of a random sample of both
tables: there the shares are exact, and the Kolmogorov-Smirnov statistic over some values is never larger than over all, so that
its p-value is never too small.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import DataError
from ntgate.shift.columns.feature_tests import CATEGORIES, Moved, from_categories, from_counts
from ntgate.shift.columns.robust_scale import chosen
from ntgate.shift.judgement import Tested
from ntgate.shift.streamed.engine import Engine, Here
from ntgate.shift.streamed.partitions import Partitions, Stretch

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

_STRETCH = 2**18  # rows of a task
_CHUNK = 2**14
_VALUES = 64


class TableFeature(Frozen):
    """One feature of two tables.

    Attributes:
        name: of the column.
        missing: share of rows without a value, in the first table and in the second.
        mean: of the values there are; None without any.
        deviation: their standard deviation.
        effect: the greatest difference of the shares of values up to some value, from 0 to 1.
        p_value: of that difference, or of the difference of the missing shares, whichever is less, adjusted for both and for the
            number of features (Benjamini and Hochberg).
    """

    name: str
    missing: tuple[float, float]
    mean: tuple[float | None, float | None]
    deviation: tuple[float | None, float | None]
    effect: float
    p_value: float


class Moments(NamedTuple):
    """Of ``d`` columns, each array ``(d,)``: known values, their mean, and the sum of squared deviations from it.

    >>> one, other = Moments.of(np.array([[1.0], [3.0]])), Moments.of(np.array([[5.0], [np.nan]]))
    >>> both = one.merged(other)
    >>> both.known.tolist(), both.mean.tolist(), both.squares.tolist()
    ([3.0], [3.0], [8.0])
    """

    known: Floats
    mean: Floats
    squares: Floats

    @classmethod
    def of(cls, rows: Array) -> Moments:
        """Those of rows ``(k, d)``, NaN where a value is missing."""
        there = ~np.isnan(rows)
        values = np.where(there, rows, 0).astype(np.float64)
        known = there.sum(axis=0).astype(np.float64)
        mean = values.sum(axis=0) / np.maximum(known, 1)
        return cls(known, mean, (np.where(there, values - mean, 0) ** 2).sum(axis=0))

    def merged(self, other: Moments) -> Moments:
        """Those of both together."""
        known = self.known + other.known
        apart, part = other.mean - self.mean, other.known / np.maximum(known, 1)
        return Moments(known, self.mean + apart * part, self.squares + other.squares + apart**2 * self.known * part)

    @property
    def deviation(self) -> Floats:
        """Standard deviations; 0 where fewer than two values are known."""
        return np.asarray(np.sqrt(self.squares / np.maximum(self.known - 1, 1)))


@dataclass(frozen=True, eq=False)
class Counting:
    """A stretch whose values are to be counted between ``edges``, one ascending array a column."""

    stretch: Stretch
    edges: tuple[Floats, ...]


def moments(table: Partitions, engine: Engine | None = None) -> Moments:
    """The moments of every column.

    Raises:
        DataError: when a value is infinite.
    """
    return _merged((engine or Here()).map(stretch_moments, table.stretches(_STRETCH)))


def stretch_moments(stretch: Stretch) -> Moments:
    """The map of :func:`moments`."""
    return _merged(Moments.of(_finite(chunk, stretch.name)) for chunk in stretch.chunks(_CHUNK))


def _merged(parts: Iterable[Moments]) -> Moments:
    found: Moments | None = None
    for part in parts:
        found = part if found is None else found.merged(part)
    assert found is not None  # a table has rows
    return found


def stretch_counts(task: Counting) -> tuple[npt.NDArray[np.int64], ...]:
    """For each column, how many values lie up to the first edge, between each two, and beyond the last."""
    found = tuple(np.zeros(len(edges) + 1, np.int64) for edges in task.edges)
    for chunk in task.stretch.chunks(_CHUNK):
        for own, edges, column in zip(found, task.edges, chunk.T, strict=True):
            places = np.searchsorted(edges, column[~np.isnan(column)].astype(np.float64), side="left")
            own[:] += np.bincount(places, minlength=len(own))
    return found


class Counts(NamedTuple):
    """The values of every column of both tables, counted between the same ascending edges.

    Attributes:
        edges: of each column; values that occur, from a sample of both tables.
        tables: of each table and column, how many values lie up to the first edge, between each two, and beyond the last.
    """

    edges: tuple[Floats, ...]
    tables: tuple[list[npt.NDArray[np.int64]], list[npt.NDArray[np.int64]]]


def table_sample(tables: tuple[Partitions, Partitions], *, seed: int = 0, engine: Engine | None = None) -> Array:
    """Up to 4,000 rows, drawn from both tables as if they were one; NaN where a value is missing."""
    n = len(tables[0])
    rows = chosen(n + len(tables[1]), seed)
    parts = zip(tables, (rows[rows < n], rows[rows >= n] - n), strict=True)
    return np.concatenate([table.at(own, engine or Here()) for table, own in parts if len(own)])


def counts(tables: tuple[Partitions, Partitions], sample: Array, *, engine: Engine | None = None) -> Counts:
    """Count the values of every column between some dozens of the values in ``sample``."""
    by, edges = engine or Here(), _edges(sample)
    counted = []
    for table in tables:
        parts = by.map(stretch_counts, (Counting(stretch, edges) for stretch in table.stretches(_STRETCH)))
        total = [np.zeros(len(own) + 1, np.int64) for own in edges]
        for part in parts:
            for column, own in enumerate(part):
                total[column] += own
        counted.append(total)
    return Counts(edges, (counted[0], counted[1]))


def per_column(tables: tuple[Partitions, Partitions], of: tuple[Moments, Moments], counted: Counts, *, seed: int) -> Tested:
    """Test every column, and the mark of every column that misses values, as ``feature_tests`` does with rows in memory.

    The Kolmogorov-Smirnov statistic over some dozens of values is never larger than that over all.

    Args:
        tables: both.
        of: their moments.
        counted: their values.
        seed: of random tables.
    """
    rng = np.random.default_rng([seed, 0])
    rows = [len(table) for table in tables]
    found: list[tuple[str, Moved]] = []
    marks: list[tuple[str, Moved]] = []
    for column, name in enumerate(tables[0].columns):
        own = np.stack([part[column] for part in counted.tables])
        missing = np.array([n - int(part.known[column]) for n, part in zip(rows, of, strict=True)])
        filled = own[:, own.any(axis=0)]
        if not own.sum(axis=1).all():
            found.append((name, Moved("none", 0.0, 1.0)))
        else:
            found.append((name, from_categories(filled, rng) if filled.shape[1] <= CATEGORIES else from_counts(filled)))
        if missing.any():
            marks.append((f"{name} is missing", from_categories(np.stack([missing, rows - missing]).T, rng)))
    names, moved = zip(*found, *marks, strict=True)
    return Tested(names, [one.effect for one in moved], [one.p_value for one in moved], [one.test for one in moved])


def table_features(
    tables: tuple[Partitions, Partitions],
    of: tuple[Moments, Moments],
    *,
    seed: int = 0,
    engine: Engine | None = None,
    counted: Counts | None = None,
) -> tuple[TableFeature, ...]:
    """Compare every feature of two tables of the same columns, in their order.

    Args:
        tables: both.
        of: their moments.
        seed: of the sample that the values of comparison come from.
        engine: whose workers read the tables; None: this process. The result is the same.
        counted: their values, where they were counted already.
    """
    from scipy.special import kolmogorov
    from scipy.stats import chi2, false_discovery_control

    counted = counted or counts(tables, table_sample(tables, seed=seed, engine=engine), engine=engine)
    rows = np.array([len(table) for table in tables])
    effects, p_values = [], []
    for column, (first, second) in enumerate(zip(*counted.tables, strict=True)):
        n, m = int(first.sum()), int(second.sum())
        effect = 0.0 if n == 0 or m == 0 else float(np.abs(first.cumsum() / n - second.cumsum() / m).max())
        of_values = 1.0 if n == 0 or m == 0 else float(kolmogorov(np.sqrt(n * m / (n + m)) * effect))
        known = np.array([of[0].known[column], of[1].known[column]])
        expected = rows * known.sum() / rows.sum()
        of_missing = 1.0
        if 0 < known.sum() < rows.sum():
            of_missing = float(chi2.sf(((known - expected) ** 2 * (1 / expected + 1 / (rows - expected))).sum(), 1))
        effects.append(effect)
        p_values.append(min(1.0, 2 * min(of_values, of_missing)))  # two looks at one feature: Bonferroni
    adjusted = false_discovery_control(p_values)
    return tuple(
        TableFeature(
            name=name,
            missing=(_share(of[0], rows[0], i), _share(of[1], rows[1], i)),
            mean=(_known(of[0], of[0].mean, i), _known(of[1], of[1].mean, i)),
            deviation=(_known(of[0], of[0].deviation, i), _known(of[1], of[1].deviation, i)),
            effect=effects[i],
            p_value=float(adjusted[i]),
        )
        for i, name in enumerate(tables[0].columns)
    )


def _share(of: Moments, rows: int, column: int) -> float:
    return float(1 - of.known[column] / rows)


def _known(of: Moments, value: Floats, column: int) -> float | None:
    return float(value[column]) if of.known[column] else None


def _edges(sample: Array) -> tuple[Floats, ...]:
    """For each column some dozens of its values, ascending."""
    found = []
    for column in sample.T.astype(np.float64):
        known = np.sort(column[~np.isnan(column)])
        # Values that occur, not means between them: the shares up to a category are then those of the category.
        found.append(np.unique(known[np.linspace(0, len(known) - 1, _VALUES).astype(int)]) if len(known) else known)
    return tuple(found)


def _finite(chunk: Array, name: str) -> Array:
    if np.isinf(chunk).any():
        raise DataError(name, expected="finite numbers, or missing ones", got="infinity", fix="remove it")
    return chunk
