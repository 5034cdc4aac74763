"""The shift between two domains as one self-contained HTML page: no scripts, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ntgate.report import drift_plots, drift_words, feature_words, numbers, svg
from ntgate.report.drift_content import DriftReport, FeatureRow, LabelShift, TypicalRow
from ntgate.report.histogram import Histogram
from ntgate.report.rendering import as_is, relative, render, save

MOST_FEATURES = 100
LISTED = 15  # features that are seen at once
MOST_DRAWN = 8
MOST_CLASSES = 24
MOST_PICTURES = 12
_NONE_MOVED = 4  # features that are drawn when none is shown to have moved


def render_drift_page(report: DriftReport) -> str:
    """The page that shows ``report``. Everything that comes from data is escaped.

    >>> page = render_drift_page(DriftReport(outcome="none", sentence="<b>nothing</b> to see"))
    >>> "No shift shown" in page, "<b>nothing" in page
    (True, False)
    """
    ranked = feature_words.ranked(report)
    return render(
        "drift.html.j2",
        "page.css",
        "drift.css",
        report=report,
        told=drift_words,
        rows_told=feature_words,
        effect_plot=as_is(_effect(report)),
        null_plot=as_is(_null(report)),
        features=ranked[:MOST_FEATURES],
        listed=LISTED,
        greatest=max((abs(row.effect) for row in ranked if row.effect is not None), default=0.0),
        feature_plots=[(row, as_is(text)) for row, text in _features(ranked)],
        projection_plot=as_is(_projection(report)),
        class_plot=as_is(_classes(report.label_shift)),
        pictures=_pictures(report),
        evidently_href=relative(report.evidently_href),
    )


def write_drift_page(report: DriftReport, path: Path) -> Path:
    """Write :func:`render_drift_page` to ``path``, whose folder is made when missing."""
    return save(render_drift_page(report), path)


def _effect(report: DriftReport) -> str:
    if report.effect_size is None:
        return ""
    figure = drift_plots.effect_interval(
        report.effect_size, report.effect_interval, tolerated=report.tolerated_effect or None, tone=drift_words.tone(report)
    )
    told = f"Effect size {numbers.number(report.effect_size)}"
    if report.effect_interval is not None:
        told += f", interval {numbers.interval(report.effect_interval)}"
    if report.tolerated_effect:
        told += f"; tolerated is {numbers.number(report.tolerated_effect)}"
    return svg.inline(figure, "effect", told)


def _null(report: DriftReport) -> str:
    if report.mmd2 is None or report.null_quantiles is None:
        return ""
    figure = drift_plots.null_strip(report.mmd2, report.null_quantiles, tone=drift_words.tone(report))
    values = ", ".join(numbers.number(quantile) for quantile in report.null_quantiles)
    told = f"MMD² {numbers.number(report.mmd2)}; the 50, 90, 95 and 99 % quantiles of the permutations are {values}"
    return svg.inline(figure, "null", told)


def _features(ranked: Sequence[FeatureRow]) -> list[tuple[FeatureRow, str]]:
    """Feature and drawing of those that moved most; of some that may have, when none is shown to."""
    drawn = [row for row in ranked if row.histogram is not None or row.shares]
    moved = [row for row in drawn if row.moved]
    return [
        (row, _feature(row, f"feature{number}")) for number, row in enumerate(moved[:MOST_DRAWN] if moved else drawn[:_NONE_MOVED])
    ]


def _feature(row: FeatureRow, name: str) -> str:
    if row.histogram is None:
        told = "; ".join(
            f"{share.name}: source {numbers.share(share.source)}, target {numbers.share(share.target)}" for share in row.shares
        )
        return svg.inline(drift_plots.categories(row.shares), name, f"{row.name}, share of the rows. {told}")
    told = f"Distribution of {row.name}. Half of the source rows lie {_half(row.histogram, row.histogram.source)}, "
    told += f"half of the target rows {_half(row.histogram, row.histogram.target)}"
    return svg.inline(drift_plots.feature(row.histogram), name, told)


def _half(told: Histogram, counts: Sequence[int]) -> str:
    """From where to where the middle half of the counted values lies, as far as the bins tell."""
    total, seen, edges = sum(counts), 0, []
    if not total:
        return "nowhere: all are missing"
    for wanted, at in ((0.25 * total, 0), (0.75 * total, 1)):
        seen = 0
        for place, count in enumerate(counts):
            seen += count
            if seen >= wanted:
                edges.append(told.edges[place + at])
                break
    return f"between {numbers.number(edges[0])} and {numbers.number(edges[1])}"


def _projection(report: DriftReport) -> str:
    told = report.projection
    if told is None:
        return ""
    rows = (report.typical.source, report.typical.target) if report.typical else ((), ())
    source, target = (
        [place for place, row in enumerate(shown) if row in {typical.row for typical in chosen}]
        for shown, chosen in zip((told.source_rows, told.target_rows), rows, strict=True)
    )
    first, second = (numbers.share(share) for share in told.explained)
    text = (
        f"{len(told.source)} source and {len(told.target)} target rows along the two directions in which they vary most, "
        f"which hold {first} and {second} of the variance"
    )
    return svg.inline(drift_plots.projection(told, marked=(source, target)), "projection", text)


def _classes(told: LabelShift | None) -> str:
    rows = told.shares[:MOST_CLASSES] if told else ()
    if not rows:
        return ""
    text = "; ".join(
        f"{row.name}: source {numbers.share(row.source)}, target {numbers.share(row.target)}"
        + (f" ({numbers.interval(row.interval, numbers.share)})" if row.interval else "")
        for row in rows
    )
    return svg.inline(drift_plots.class_shares(rows), "classes", f"Proportions of the classes. {text}")


def _pictures(report: DriftReport) -> list[tuple[str, list[TypicalRow]]]:
    """The typical rows of each domain that are images."""
    if report.typical is None:
        return []
    domains = (("source", report.typical.source), ("target", report.typical.target))
    found = [(name, [row for row in rows if row.image][:MOST_PICTURES]) for name, rows in domains]
    return [(name, rows) for name, rows in found if rows]
