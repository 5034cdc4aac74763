"""How ZenML keeps and shows a shift report."""

import html
import os
from typing import Any, ClassVar

from zenml.enums import ArtifactType, VisualizationType
from zenml.materializers.pydantic_materializer import PydanticMaterializer

from ntgate.shift.report import ShiftReport

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shift</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 44rem; padding: 0 1rem; }}
th {{ text-align: left; font-weight: 600; padding: .15rem 1.5rem .15rem 0; }}
td {{ font-variant-numeric: tabular-nums; }}
</style></head><body><h1>{heading}</h1><p>{sentence}</p><table>
{rows}
</table></body></html>
"""
_WORDS = {"raw": "raw features", "embedding": "embedding"}
_HEADINGS = {"none": "No shift shown", "tolerated": "Tolerated shift", "shift": "Shift"}


class ShiftReportMaterializer(PydanticMaterializer):  # type: ignore[misc]
    """A shift report as JSON, with its verdict as metadata and as a page in the dashboard.

    It is used for every :class:`~ntgate.shift.report.ShiftReport` that a step returns where ``ntgate.zenml`` was imported.
    """

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (ShiftReport,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS

    def extract_metadata(self, data: ShiftReport) -> dict[str, Any]:
        """The verdict, and what it rests on."""
        return data.model_dump(
            include={
                "outcome",
                "p_value",
                "effect_size",
                "tolerated_effect",
                "mmd2",
                "proxy_a_distance",
                "n_source",
                "n_target",
            }
        )

    def save_visualizations(self, data: ShiftReport) -> dict[str, VisualizationType]:
        """The page."""
        path = os.path.join(self.uri, "shift.html")
        with self.artifact_store.open(path, "w") as file:
            file.write(page(data))
        return {path.replace("\\", "/"): VisualizationType.HTML}


def page(report: ShiftReport) -> str:
    """A shift report as one HTML page without scripts."""
    low, high = report.effect_interval
    far_low, far_high = report.proxy_a_distance_interval
    facts = {
        "p-value": f"{report.p_value:.3g} ({report.permutations} permutations)",
        "effect size": f"{report.effect_size:.3g} [{low:.3g}, {high:.3g}]",
        "tolerated effect": f"{report.tolerated_effect:.3g}",
        "MMD²": f"{report.mmd2:+.5f}",
        "proxy A-distance": f"{report.proxy_a_distance:.3f} [{far_low:.3f}, {far_high:.3f}]",
        "rows": f"{report.n_source} source, {report.n_target} target, on the {_WORDS[report.representation]}",
    }
    rows = "\n".join(f"<tr><th>{name}</th><td>{html.escape(fact)}</td></tr>" for name, fact in facts.items())
    return _PAGE.format(heading=_HEADINGS[report.outcome], sentence=html.escape(report.sentence), rows=rows)
