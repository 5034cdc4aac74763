"""How ZenML keeps and shows what a step leaves."""

import os
from pathlib import Path
from typing import Any, ClassVar

from zenml.enums import ArtifactType, VisualizationType
from zenml.materializers.pydantic_materializer import PydanticMaterializer

from ntgate.base import Frozen
from ntgate.shift.report import ShiftReport


class ResultMaterializer(PydanticMaterializer):  # type: ignore[misc]
    """A stage's result as JSON, with the pages that it names as pages in the dashboard."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Frozen,)

    def save_visualizations(self, data: Frozen) -> dict[str, VisualizationType]:
        """The pages, copied: the dashboard sees no other disk."""
        found: dict[str, VisualizationType] = {}
        pages: dict[str, str] = getattr(data, "pages", {})
        for name, path in pages.items():
            to = os.path.join(self.uri, f"{name}.html")
            with self.artifact_store.open(to, "w") as file:
                file.write(Path(path).read_text(encoding="utf-8"))
            found[to.replace("\\", "/")] = VisualizationType.HTML
        return found


class ShiftReportMaterializer(PydanticMaterializer):  # type: ignore[misc]
    """A shift report as JSON, with its verdict as metadata and as a page in the dashboard.

    It is used for every :class:`~ntgate.shift.report.ShiftReport` that a step returns where ``ntgate.zenml`` was imported.
    """

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (ShiftReport,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS

    def extract_metadata(self, data: ShiftReport) -> dict[str, Any]:
        """The verdict, and what it rests on."""
        return data.model_dump(
            include={"outcome", "p_value", "effect_size", "tolerated_effect", "mmd2", "proxy_a_distance", "n_source", "n_target"}
        )

    def save_visualizations(self, data: ShiftReport) -> dict[str, VisualizationType]:
        """The page."""
        path = os.path.join(self.uri, "shift.html")
        with self.artifact_store.open(path, "w") as file:
            file.write(page(data))
        return {path.replace("\\", "/"): VisualizationType.HTML}


def page(report: ShiftReport) -> str:
    """A shift report as one HTML page without scripts: what the drift page tells, without the rows themselves."""
    from ntgate.report.drift_content import DriftReport, FeatureRow
    from ntgate.report.drift_page import render_drift_page

    features = () if report.attribution is None else report.attribution.features
    told = DriftReport.of(
        {**report.model_dump(exclude={"attribution", "label_shift", "task"}), "sentence": report.sentence},
        label_shift=report.label_shift,
        task=report.task,
        features=[
            FeatureRow(name=one.name, effect=one.effect, p_adjusted=one.p_value, moved=one.drifted, direction=one.mean_difference)
            for one in features
        ],
    )
    return render_drift_page(told)
