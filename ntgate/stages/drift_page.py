"""The drift page of a run or of a drift check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import ntgate
from ntgate.base import Artifact, Frozen
from ntgate.config import RunConfig
from ntgate.shift.report import ShiftReport
from ntgate.shift.task.tasks import ring_in_words
from ntgate.stages.drift import Drift, measure_drift
from ntgate.stages.evidently import EVIDENTLY
from ntgate.stages.ingest import Ingested
from ntgate.stages.progress_listener import Listener, Silent
from ntgate.training.source_model import SourceModel

if TYPE_CHECKING:
    from ntgate.data.domain import Domain
    from ntgate.report.drift_content import FeatureRow, Typical
    from ntgate.report.projection import Projection
    from ntgate.shift.attribution.attribution import FeatureDrift
    from ntgate.shift.proportions.class_proportions import LabelShift

PAGE = "drift.html"
UNMEASURED = "unmeasured"
NOT_MEASURED = "The shift is not measured: there are no source rows, and no features of them beside the model's weights."


class Drifted(Frozen):
    """The shift of a run.

    Attributes:
        report: how far the target has moved, and what moved; None where there was nothing to measure it from.
        why: why it was not measured.
        page: the drift page; None where none was written.
    """

    report: ShiftReport | None
    why: str = ""
    page: Artifact | None = None

    @property
    def swapped_labels(self) -> tuple[str, ...] | None:
        """What shows that labels are swapped, a sentence for each ring of classes; None where nobody looked."""
        task = None if self.report is None else self.report.task
        return None if task is None else tuple(map(ring_in_words, task.rings))

    @property
    def pages(self) -> dict[str, str]:
        """What an orchestrator shows."""
        return {} if self.page is None else {"drift": str(self.page.verified())}

    @property
    def facts(self) -> dict[str, Any]:
        """What an orchestrator shows beside it."""
        shown = ("outcome", "mmd2", "p_value", "effect_size", "proxy_a_distance")
        return {"outcome": UNMEASURED} if self.report is None else {name: getattr(self.report, name) for name in shown}

    def as_json(self) -> dict[str, Any]:
        """The report as plain values; where there is none, that and why."""
        if self.report is None:
            return {"outcome": UNMEASURED, "sentence": self.why}
        return {"sentence": self.report.sentence, **self.report.model_dump(mode="json")}

    @property
    def seconds(self) -> float:
        """Wall time."""
        return 0.0 if self.report is None else self.report.seconds


def drift_of_run(
    config: RunConfig, folder: Path, ingested: Ingested, source: SourceModel, listener: Listener | None = None
) -> Drifted:
    """Measure the shift, if there is anything to measure it from, and write the drift page."""
    drift = measure_drift(config, ingested, source)
    if drift is None:
        (listener or Silent()).note(NOT_MEASURED)
        return Drifted(report=None, why=NOT_MEASURED)
    return Drifted(report=drift.report, page=write_drift_page(config, folder, drift))


def write_drift_page(config: RunConfig, folder: Path, drift: Drift) -> Artifact:
    """Write the page into ``folder``."""
    from ntgate.report.drift_content import DriftReport
    from ntgate.report.drift_page import write_drift_page as write

    report = DriftReport.of(
        {
            **drift.report.model_dump(exclude={"attribution", "label_shift", "task"}),
            "sentence": drift.report.sentence,
            **_counts(drift),
            "label_shift": _proportions(drift.report.label_shift),
            "task": drift.report.task,
        },
        model=config.model.name,
        features=_features(drift),
        projection=_projection(config, drift),
        typical=_typical(drift),
        evidently_href=EVIDENTLY if config.shift.evidently and drift.features is not None else None,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        version=ntgate.__version__,
    )
    return Artifact.of(write(report, folder / PAGE))


def _counts(drift: Drift) -> dict[str, object]:
    """How many features moved of how many: those of the verdict, or the patches that images are told by."""
    found = drift.report.attribution
    if found is None:
        return {}
    return {"features_tested": found.tested, "features_moved": found.drifted, "features_level": found.alpha}


def _proportions(found: LabelShift | None) -> LabelShift | None:
    """Shares that mean nothing are not drawn."""
    return found if found is None or found.consistent else found.model_copy(update={"shares": ()})


def _features(drift: Drift) -> tuple[FeatureRow, ...]:
    """One row a feature; a text column has one for all its categories."""
    if drift.report.attribution is None or drift.features is None:
        return ()
    column_of = dict(zip(drift.features.labels, drift.features.columns, strict=True))
    numbers = Counter(drift.features.labels)
    rows: list[FeatureRow] = []
    for found in drift.report.attribution.features:
        rows.append(_number(drift, found) if numbers[found.name] == 1 else _category(drift, found, column_of[found.name]))
    return tuple(rows)


def _number(drift: Drift, found: FeatureDrift) -> FeatureRow:
    from ntgate.report.drift_content import FeatureRow
    from ntgate.report.histogram import histogram

    assert drift.features is not None
    at = drift.features.labels.index(found.name)
    return FeatureRow(
        name=found.name,
        effect=found.effect,
        p_adjusted=found.p_value,
        moved=found.drifted,
        direction=found.mean_difference,
        histogram=histogram(drift.features.source[:, at], drift.features.target[:, at]),
    )


def _category(drift: Drift, found: FeatureDrift, column: str) -> FeatureRow:
    from ntgate.report.category_shares import category_shares
    from ntgate.report.drift_content import FeatureRow

    assert not isinstance(drift.source.rows, np.ndarray)
    assert not isinstance(drift.target.rows, np.ndarray)
    return FeatureRow(
        name=found.name,
        kind="category",
        effect=found.effect,
        p_adjusted=found.p_value,
        moved=found.drifted,
        shares=category_shares(drift.source.rows[column], drift.target.rows[column]),
    )


def _projection(config: RunConfig, drift: Drift) -> Projection:
    from ntgate.report.projection import project
    from ntgate.shift.columns.robust_scale import scaled

    source, target = scaled(*drift.measured, drift.blocks, seed=config.seed)
    found = drift.report.attribution
    keep = ((), ()) if found is None else (found.typical_x, found.typical_y)
    return project(source, target, keep=keep, seed=config.seed)


def _typical(drift: Drift) -> Typical | None:
    from ntgate.report.drift_content import Typical, TypicalRow
    from ntgate.report.thumbnail import thumbnail

    def rows(domain: Domain, positions: Sequence[int]) -> tuple[TypicalRow, ...]:
        images = domain.rows if isinstance(domain.rows, np.ndarray) and domain.rows.ndim > 2 else None
        limits = None if images is None else (float(images.min()), float(images.max()))
        return tuple(
            TypicalRow(row=row, name=f"row {row}", image=None if images is None else thumbnail(images[row], limits=limits))
            for row in positions
        )

    found = drift.report.attribution
    if found is None:
        return None
    return Typical(source=rows(drift.source, found.typical_x), target=rows(drift.target, found.typical_y))
