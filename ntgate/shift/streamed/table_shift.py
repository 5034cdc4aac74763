"""The shift between two tables of any size, judged as that between rows in memory is.

The features, their scale, the bandwidths and the verdict are the same ones. What differs beyond ``max_rows`` rows is how they are
computed: the scale from a sample of both tables (as it is in memory), the joint test over all rows by random features instead of a
sample, each column from counts at a few dozen values.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.data.column_form import ColumnRead
from ntgate.data.column_kinds import refuse_unknown
from ntgate.errors import DataError
from ntgate.shift.classifier.a_distance import proxy_a_distance
from ntgate.shift.columns.robust_scale import RobustScale
from ntgate.shift.columns.table_form import compared
from ntgate.shift.config import ShiftConfig
from ntgate.shift.judgement import ShiftOutcome, permutations_for
from ntgate.shift.kernel.mmd import MmdResult, mmd_test
from ntgate.shift.report import FEWEST, ShiftReport, measured_features, shift_report
from ntgate.shift.streamed.columns_said import as_numbers
from ntgate.shift.streamed.engine import Engine, Here
from ntgate.shift.streamed.partitions import Partitions, partitions
from ntgate.shift.streamed.table_features import (
    Counts,
    Floats,
    Moments,
    TableFeature,
    counts,
    moments,
    per_column,
    table_features,
    table_sample,
)

JUDGED = 2000  # rows of a table that the domain classifier is trained and tested on


@dataclass(frozen=True, eq=False)
class Filled:
    """Rows with the median where a value is missing, and a mark for each column that misses some, as tables in memory have them.

    Attributes:
        median: of every column, ``(d,)``.
        marked: which columns have a mark.
        scale: of the columns and their marks; None: they are left as they are.
    """

    median: Floats
    marked: npt.NDArray[np.int64]
    scale: RobustScale | None = None

    @property
    def width(self) -> int:
        """``d`` and the marks."""
        return len(self.median) + len(self.marked)

    def __call__(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """``(k, width)`` from ``(k, d)``."""
        missing = np.isnan(rows)
        filled = np.concatenate([np.where(missing, self.median, rows), missing[:, self.marked]], axis=1)
        return filled.astype(np.float32) if self.scale is None else self.scale(filled)


class TableShift(Frozen):
    """What was found. Of two tables no row is sampled away, but rows beyond 100 times the other table's are.

    Attributes:
        outcome: that of ``shift``.
        rows: of both tables.
        alpha: the level.
        tolerated_effect: the effect size up to which a significant shift is tolerated.
        shift: the report, as a drift check of rows in memory gives it.
        mmd: the joint test in it.
        features: every column, those that differ most first; their p-values are for a list to look at, ``shift`` has the verdict's.
        seconds: wall time.
    """

    outcome: ShiftOutcome
    rows: tuple[int, int]
    alpha: float
    tolerated_effect: float
    shift: ShiftReport
    mmd: MmdResult
    features: tuple[TableFeature, ...]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"schema": 1, "sentence": self.shift.sentence, **self.model_dump(mode="json")}


def table_shift(
    source: str,
    target: str,
    config: ShiftConfig | None = None,
    *,
    without: Sequence[str] = (),
    columns: Mapping[str, ColumnRead] | None = None,
    seed: int = 0,
    engine: Engine | None = None,
    in_memory: bool | None = None,
) -> TableShift:
    """Measure the shift between two tables in parquet.

    Args:
        source: path, URI or pattern of the source rows' files.
        target: of the target rows'.
        config: permutations, level and tolerated effect.
        without: columns that are no features; one that a table lacks does no harm.
        columns: what the config says of columns.
        seed: of everything random.
        engine: whose workers read the tables; None: this process. The result is the same.
        in_memory: whether the rows are measured at once, as a drift check without workers measures them; None: where neither table
            has more than ``config.max_rows``, so that nothing would be sampled away.

    Raises:
        ConfigError: when ``columns`` says of one that it is no number.
        DataError: naming the table, when it cannot be read, has too few rows, or has not the columns of the other.
    """
    began, config = time.perf_counter(), config or ShiftConfig()
    ignored, gone = as_numbers(columns or {})
    without = [*without, *ignored]
    tables = partitions(source, "source", without=without, gone=gone), partitions(target, "target", without=without, gone=gone)
    refuse_unknown(columns or {}, dict.fromkeys([*tables[0].columns, *tables[1].columns, *ignored]))
    if set(tables[0].columns) != set(tables[1].columns):
        differing = ", ".join(sorted(set(tables[0].columns) ^ set(tables[1].columns))[:5])
        raise DataError(
            "target",
            expected="the columns of the source",
            got=f"a difference in {differing}",
            fix="name columns that are no features under drop",
        )
    tables = tables[0], replace(tables[1], columns=tables[0].columns)
    for table in tables:
        if len(table) < FEWEST:
            raise DataError(table.name, expected=f"at least {FEWEST} rows to measure", got=str(len(table)), fix="add rows")
    of = moments(tables[0], engine), moments(tables[1], engine)
    sample = table_sample(tables, seed=seed, engine=engine)
    counted = counts(tables, sample, engine=engine)
    if in_memory if in_memory is not None else max(map(len, tables)) <= config.max_rows:
        shift, mmd = _at_once(tables, config, seed, engine)
    else:
        shift, mmd = _in_passing(tables, of, sample, counted, config, seed, engine, began)
    features = table_features(tables, of, counted=counted)
    return TableShift(
        outcome=shift.outcome,
        rows=(len(tables[0]), len(tables[1])),
        alpha=config.alpha,
        tolerated_effect=config.tolerated_effect,
        shift=shift,
        mmd=mmd,
        features=tuple(sorted(features, key=lambda feature: (feature.p_value, -feature.effect))),
        seconds=time.perf_counter() - began,
    )


def _at_once(
    tables: tuple[Partitions, Partitions], config: ShiftConfig, seed: int, engine: Engine | None
) -> tuple[ShiftReport, MmdResult]:
    """All rows in one memory."""
    import pandas as pd

    columns = list(tables[0].columns)
    frames = [pd.DataFrame(table.at(np.arange(len(table)), engine or Here()), columns=columns) for table in tables]
    return measured_features(compared(frames[0], frames[1]), config, seed)


def _in_passing(
    tables: tuple[Partitions, Partitions],
    of: tuple[Moments, Moments],
    sample: Floats,
    counted: Counts,
    config: ShiftConfig,
    seed: int,
    engine: Engine | None,
    began: float,
) -> tuple[ShiftReport, MmdResult]:
    """No more rows in memory than are in passing."""
    filled = _filled(sample, of[0].known + of[1].known < sum(map(len, tables)))
    through = replace(tables[0], through=filled), replace(tables[1], through=filled)
    mmd = mmd_test(
        *through, permutations=permutations_for(config), method="random_features", seed=seed, device="cpu", engine=engine
    )
    rng = np.random.default_rng([seed, 5])
    few = [table.at(np.sort(rng.choice(len(table), min(len(table), JUDGED), replace=False)), engine or Here()) for table in through]
    distance = proxy_a_distance(*few, max_rows=JUDGED, seed=seed)
    tested = per_column(tables, of, counted, seed=seed)
    rows = len(tables[0]), len(tables[1])
    return shift_report(mmd, distance, rows, tested, config, representation="raw", began=began), mmd


def _filled(sample: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> Filled:
    """The form of the rows, from a sample of both tables; ``missing`` ``(d,)`` says which columns lack values anywhere."""
    known = [column[~np.isnan(column)] for column in sample.T]
    median = np.array([float(np.median(column.astype(np.float64))) if len(column) else 0.0 for column in known])
    plain = Filled(median, np.flatnonzero(missing))
    return replace(plain, scale=RobustScale.of(plain(sample)))
