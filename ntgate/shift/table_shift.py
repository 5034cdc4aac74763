"""The shift between two tables of any size: the MMD test over all rows, and every feature on its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.errors import DataError
from ntgate.shift.config import ShiftConfig
from ntgate.shift.engine import Engine
from ntgate.shift.mmd import MmdResult, mmd_test
from ntgate.shift.partitions import partitions
from ntgate.shift.table_features import Floats, TableFeature, moments, table_features


@dataclass(frozen=True, eq=False)
class Scaling:
    """``(row - centre) * factor``, and 0 where a value is missing; both ``(d,)``."""

    centre: Floats
    factor: Floats

    @property
    def width(self) -> int:
        """``d``."""
        return len(self.centre)

    def __call__(self, rows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Rows ``(k, d)``, scaled in float64."""
        return np.where(np.isnan(rows), 0, (rows - self.centre) * self.factor).astype(np.float32)


class TableShift(Frozen):
    """What was found. Of two tables no row is sampled away, but rows beyond 100 times the other table's are.

    Attributes:
        outcome: ``none`` when not significant, ``tolerated`` when significant and within the tolerated effect, else ``shift``.
        rows: of both tables.
        alpha: the level.
        tolerated_effect: the effect size up to which a significant shift is tolerated.
        mmd: of the columns, each less its mean and divided by its deviation in both tables together; a missing value is the mean.
        features: every column, those that differ most first.
        seconds: wall time.
    """

    outcome: Literal["none", "tolerated", "shift"]
    rows: tuple[int, int]
    alpha: float
    tolerated_effect: float
    mmd: MmdResult
    features: tuple[TableFeature, ...]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"schema": 1, **self.model_dump(mode="json")}


def table_shift(
    source: str,
    target: str,
    config: ShiftConfig | None = None,
    *,
    without: Sequence[str] = (),
    seed: int = 0,
    engine: Engine | None = None,
) -> TableShift:
    """Measure the shift between two tables in parquet.

    Args:
        source: path, URI or pattern of the source rows' files.
        target: of the target rows'.
        config: permutations, level and tolerated effect.
        without: columns that are no features; one that a table lacks does no harm.
        seed: of everything random.
        engine: whose workers read the tables; None: this process. The result is the same.

    Raises:
        DataError: naming the table, when it cannot be read, or has not the columns of the other.
    """
    began, config = time.perf_counter(), config or ShiftConfig()
    tables = partitions(source, "source", without=without), partitions(target, "target", without=without)
    if set(tables[0].columns) != set(tables[1].columns):
        differing = ", ".join(sorted(set(tables[0].columns) ^ set(tables[1].columns))[:5])
        raise DataError(
            "target", expected="the columns of the source", got=f"a difference in {differing}",
            fix="name columns that are no features under drop",
        )  # fmt: skip
    tables = tables[0], replace(tables[1], columns=tables[0].columns)
    of = moments(tables[0], engine), moments(tables[1], engine)
    together = of[0].merged(of[1])  # of both, so that permuting the rows would change nothing
    deviation = together.deviation
    scaling = Scaling(together.mean, np.where(deviation > 0, 1 / np.where(deviation > 0, deviation, 1), 0))
    scaled = tuple(replace(table, through=scaling) for table in tables)
    mmd = mmd_test(
        *scaled, permutations=config.permutations, method="random_features", seed=seed, device="cpu", engine=engine
    )
    features = table_features(tables, of, seed=seed, engine=engine)
    significant = mmd.p_value <= config.alpha
    tolerated = mmd.effect_size <= config.tolerated_effect
    return TableShift(
        outcome="none" if not significant else "tolerated" if tolerated else "shift",
        rows=(len(tables[0]), len(tables[1])),
        alpha=config.alpha,
        tolerated_effect=config.tolerated_effect,
        mmd=mmd,
        features=tuple(sorted(features, key=lambda feature: (feature.p_value, -feature.effect))),
        seconds=time.perf_counter() - began,
    )
