"""A run as one self-contained HTML page: no scripts, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ntgate.metrics.display import Display
from ntgate.report import numbers, plots, svg, words
from ntgate.report.arms import arm_rows
from ntgate.report.arms_content import CurvePoint
from ntgate.report.content import RunReport
from ntgate.report.embedding import part_of
from ntgate.report.forest_plot import forest
from ntgate.report.rendering import as_is, render, save
from ntgate.report.rows_content import ClassRow

_MOST_CLASSES = 24


def render_page(report: RunReport, drift: str | None = None) -> str:
    """The page that shows ``report``. Everything that comes from data is escaped.

    Args:
        report: what it tells.
        drift: the drift page, which becomes a part of it.

    >>> page = render_page(RunReport.of({"outcome": "inconclusive"}, model="<b>reader</b>"))
    >>> "Inconclusive" in page, "<b>reader" in page
    (True, False)
    """
    part = None if drift is None else part_of(drift, "drift-")
    return render(
        "page.html.j2",
        "page.css",
        "drift.css",
        report=report,
        arms=arm_rows(report),
        forest=forest(report),
        curve_plots=[(name, as_is(text)) for name, text in _curves(report)],
        class_plot=as_is(_classes(report)),
        reliability_plot=as_is(_reliability(report)),
        config=_yaml(report),
        drift=None if part is None else part._replace(html=as_is(part.html)),
    )


def write_page(report: RunReport, path: Path, drift: Path | None = None) -> Path:
    """Write :func:`render_page` to ``path``, whose folder is made when missing, with the drift page at ``drift`` inside."""
    told = drift.read_text(encoding="utf-8") if drift is not None and drift.is_file() else None
    return save(render_page(report, told), path)


def _curves(report: RunReport) -> list[tuple[str, str]]:
    """Name and drawing of each learning curve, all to one scale."""
    drawn = {name: curve for name, curve in report.curves.items() if curve}
    loss = plots.limits(list(drawn.values()), "train_loss", "validation_loss")
    score = plots.limits(list(drawn.values()), "validation")
    texts = []
    for number, (name, curve) in enumerate(drawn.items()):
        values = [point.validation for point in curve if point.validation is not None]
        best = (max if report.metric_display.greater_is_better else min)(values, default=None)
        shown = numbers.score(best, report.metric_display)
        told = f"Learning curve of {words.strategy(name, report.plan)}: best validation score {shown}"
        texts.append((name, _curve(tuple(curve), loss, score, report.metric_display, f"curve{number}", told)))
    return texts


@lru_cache(maxsize=64)
def _curve(
    points: tuple[CurvePoint, ...],
    loss: tuple[float, float] | None,
    score: tuple[float, float] | None,
    display: Display,
    name: str,
    told: str,
) -> str:
    """One drawing, which is kept: a page is written before the verdict is recorded, and again when the version is known."""
    return svg.inline(plots.learning_curve(points, loss_limits=loss, score_limits=score, display=display), name, told)


def _classes(report: RunReport) -> str:
    rows = _most_changed(report.by_class)
    if not rows:
        return ""
    told = "; ".join(f"{row.name}: scratch {numbers.share(row.scratch)}, candidate {numbers.share(row.candidate)}" for row in rows)
    return svg.inline(plots.class_gain(rows), "classes", f"Share of each class that was recognised. {told}")


def _reliability(report: RunReport) -> str:
    arms = {name: arm for name, arm in report.calibration.items() if arm.bins}
    if not arms:
        return ""
    told = "; ".join(
        f"{name}: right on {numbers.share(arm.bins[-1].accuracy)} of the rows it is surest of, where its scores are "
        f"{numbers.share(arm.bins[-1].confidence)}"
        for name, arm in arms.items()
    )
    return svg.inline(plots.reliability(arms), "reliability", f"Reliability. {told}")


def _most_changed(rows: Sequence[ClassRow]) -> list[ClassRow]:
    """At most as many classes as can be read, those with the greatest change, in the given order."""
    known = [row for row in rows if row.candidate is not None and row.scratch is not None]
    changes = sorted(known, key=lambda row: -abs((row.candidate or 0.0) - (row.scratch or 0.0)))
    kept = {id(row) for row in changes[:_MOST_CLASSES]}
    return [row for row in known if id(row) in kept]


def _yaml(report: RunReport) -> str:
    import yaml

    if not report.config:
        return ""
    return yaml.safe_dump(report.config, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
