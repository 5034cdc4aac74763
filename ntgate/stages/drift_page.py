"""The drift page of a run or of a drift check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import ntgate
from ntgate.config import RunConfig
from ntgate.stages.drift import Drift
from ntgate.stages.evidently import EVIDENTLY
from ntgate.stages.ingest import Ingested

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.report.drift_content import FeatureRow, Typical
    from ntgate.shift.attribution import FeatureDrift
    from ntgate.shift.class_proportions import LabelShift
    from ntgate.shift.projection import Projection

PAGE = "drift.html"


def write_drift_page(config: RunConfig, ingested: Ingested, drift: Drift) -> Path:
    """Write the page into the run's folder."""
    from ntgate.report.drift_content import DriftReport
    from ntgate.report.drift_page import write_drift_page as write

    report = DriftReport.of(
        {
            **drift.report.model_dump(exclude={"attribution", "label_shift", "task"}),
            "sentence": drift.report.sentence,
            "label_shift": _proportions(drift.report.label_shift),
            "task": drift.report.task,
        },
        model=config.model.name,
        features=_features(drift),
        projection=_projection(config, drift),
        typical=_typical(drift),
        evidently_href=EVIDENTLY if config.shift.evidently else None,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=ntgate.__version__,
    )
    return write(report, ingested.folder / PAGE)


def _proportions(found: LabelShift | None) -> LabelShift | None:
    """Shares that mean nothing are not drawn."""
    return found if found is None or found.consistent else found.model_copy(update={"shares": ()})


def _features(drift: Drift) -> tuple[FeatureRow, ...]:
    """One row a feature; a text column has one for all its categories, led by the one that moved most."""
    assert drift.report.attribution is not None
    column_of = dict(zip(drift.features.names, drift.features.columns, strict=True))
    rows: dict[str, FeatureRow] = {}
    for found in drift.report.attribution.features:
        text = (
            not isinstance(drift.source.rows, np.ndarray) and drift.source.rows[column_of[found.name]].dtype == object
        )
        shown = column_of[found.name] if text else found.name
        if shown not in rows:
            rows[shown] = _category(drift, found, shown) if text else _number(drift, found)
    return tuple(rows.values())


def _number(drift: Drift, found: FeatureDrift) -> FeatureRow:
    from ntgate.report.drift_content import FeatureRow
    from ntgate.shift.histogram import histogram

    at = drift.features.names.index(found.name)
    return FeatureRow(
        name=found.name, effect=found.effect, p_adjusted=found.p_value, moved=found.drifted,
        direction=found.mean_difference, histogram=histogram(drift.features.source[:, at], drift.features.target[:, at]),
    )  # fmt: skip


def _category(drift: Drift, found: FeatureDrift, column: str) -> FeatureRow:
    from ntgate.report.drift_content import FeatureRow
    from ntgate.shift.category_shares import category_shares

    assert not isinstance(drift.source.rows, np.ndarray)
    assert not isinstance(drift.target.rows, np.ndarray)
    return FeatureRow(
        name=column, kind="category", effect=found.effect, p_adjusted=found.p_value, moved=found.drifted,
        shares=category_shares(drift.source.rows[column], drift.target.rows[column]),
    )  # fmt: skip


def _projection(config: RunConfig, drift: Drift) -> Projection:
    from ntgate.shift.feature_scale import feature_scale
    from ntgate.shift.projection import project

    assert drift.report.attribution is not None
    scale = feature_scale(np.concatenate(drift.measured))
    source, target = (rows / scale for rows in drift.measured)
    keep = (drift.report.attribution.typical_x, drift.report.attribution.typical_y)
    return project(source, target, keep=keep, seed=config.seed)


def _typical(drift: Drift) -> Typical:
    from ntgate.report.drift_content import Typical, TypicalRow
    from ntgate.report.thumbnail import thumbnail

    def rows(domain: Domain, positions: Sequence[int]) -> tuple[TypicalRow, ...]:
        images = domain.rows if isinstance(domain.rows, np.ndarray) and domain.rows.ndim > 2 else None
        limits = None if images is None else (float(images.min()), float(images.max()))
        return tuple(
            TypicalRow(
                row=row, name=f"row {row}", image=None if images is None else thumbnail(images[row], limits=limits)
            )
            for row in positions
        )

    assert drift.report.attribution is not None
    found = drift.report.attribution
    return Typical(source=rows(drift.source, found.typical_x), target=rows(drift.target, found.typical_y))
