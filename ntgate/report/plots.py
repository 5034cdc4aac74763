"""Plots as matplotlib figures: pure functions from results, no pyplot, no files, no global state.

Colours are the roles of :mod:`ntgate.report.svg`, so that one drawing serves a light and a dark page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ntgate.metrics.display import Display
from ntgate.report.arms_content import Calibrated, CurvePoint
from ntgate.report.rows_content import ClassRow
from ntgate.report.svg import Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = 9


def learning_curve(
    points: Sequence[CurvePoint],
    *,
    loss_limits: tuple[float, float] | None = None,
    score_limits: tuple[float, float] | None = None,
    display: Display,
) -> Figure:
    """Losses above, the validation score below, over the steps of one arm; the best evaluation is marked.

    The limits are given from outside, so that several arms can be drawn to one scale.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.4, 2.9), layout="constrained")
    losses, scores = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for key, colour, style in (("train_loss", Role.MUTED, (0, (3, 2))), ("validation_loss", Role.ACCENT, "-")):
        drawn = _points(points, key)
        mark = "o" if len(drawn) == 1 else None
        losses.plot(*_columns(drawn), color=colour, linestyle=style, marker=mark, markersize=4, linewidth=1.6)
    drawn = _points(points, "validation")
    scores.plot(*_columns(drawn), color=Role.ACCENT, linewidth=1.6)
    if drawn:
        best = (max if display.greater_is_better else min)(drawn, key=lambda point: point[1])
        scores.plot(*best, "o", color=Role.ACCENT, markersize=6, markeredgecolor=Role.PAPER, markeredgewidth=1.2)
    for axes, limits, name in ((losses, loss_limits, "loss"), (scores, score_limits, display.label)):
        if limits is not None and limits[0] < limits[1]:
            axes.set_ylim(*limits)
        axes.set_ylabel(name, size=_SIZE, color=Role.MUTED)
        axes.locator_params(axis="y", nbins=4)
        axes.grid(axis="y", color=Role.LINE, linewidth=0.8)
        plain(axes)
    scores.locator_params(axis="x", nbins=4)
    scores.set_xlabel("step", size=_SIZE, color=Role.MUTED)
    return figure


def class_gain(rows: Sequence[ClassRow]) -> Figure:
    """What each class gained or lost: recognition by scratch (ring) and by the candidate (dot), in per cent."""
    from matplotlib.figure import Figure

    drawn = [row for row in rows if row.candidate is not None and row.scratch is not None]
    figure = Figure(figsize=(5.6, 0.75 + 0.27 * max(len(drawn), 1)), layout="constrained")
    axes = figure.add_subplot()
    for y, row in enumerate(drawn):
        scratch, candidate = 100 * (row.scratch or 0.0), 100 * (row.candidate or 0.0)
        colour = Role.GOOD if candidate > scratch else Role.BAD if candidate < scratch else Role.MUTED
        axes.plot([scratch, candidate], [y, y], color=colour, linewidth=2.5)
        axes.plot([scratch], [y], "o", color=Role.PAPER, markeredgecolor=Role.MUTED, markeredgewidth=1.5, markersize=7)
        axes.plot([candidate], [y], "o", color=colour, markersize=7)
    axes.set_yticks(range(len(drawn)), [shorten(row.name) for row in drawn])
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    axes.grid(axis="x", color=Role.LINE, linewidth=0.8)
    axes.set_xlabel("recognised, per cent of the class", size=_SIZE, color=Role.MUTED)
    plain(axes, left=False)
    return figure


def reliability(arms: Mapping[str, Calibrated]) -> Figure:
    """How often each arm is right where it is how sure: scratch as rings, the candidate as dots, the diagonal as the ideal.

    A mark is a bin of about equally sure rows; see :func:`ntgate.evaluation.calibration.reliability`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axes = figure.add_subplot()
    least = min((100 * min(one.confidence, one.accuracy) for arm in arms.values() for one in arm.bins), default=0.0)
    low = max(0.0, 10 * (least // 10))
    axes.plot([low, 100], [low, 100], color=Role.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for name, filled in (("scratch", False), ("candidate", True)):
        bins = arms[name].bins if name in arms else ()
        axes.plot(
            [100 * one.confidence for one in bins],
            [100 * one.accuracy for one in bins],
            "o-",
            linewidth=1.6,
            markersize=6,
            color=Role.ACCENT if filled else Role.MUTED,
            markerfacecolor=Role.ACCENT if filled else Role.PAPER,
        )
    room = 0.04 * (100 - low)
    axes.set_xlim(low - room, 100 + room)
    axes.set_ylim(low - room, 100 + room)
    axes.grid(color=Role.LINE, linewidth=0.8)
    axes.set_xlabel("greatest score, per cent", size=_SIZE, color=Role.MUTED)
    axes.set_ylabel("right, per cent of the rows", size=_SIZE, color=Role.MUTED)
    plain(axes)
    return figure


def limits(curves: Sequence[Sequence[CurvePoint]], *keys: str) -> tuple[float, float] | None:
    """Common limits of several curves, with a little room; None when there is nothing to draw.

    >>> limits([[CurvePoint(step=1, validation=0.5)], [CurvePoint(step=1, validation=0.9)]], "validation")
    (0.48, 0.92)
    """
    values = [value for curve in curves for key in keys for _, value in _points(curve, key)]
    if not values:
        return None
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or 0.05 * (abs(high) or 1.0)
    return round(low - room, 6), round(high + room, 6)


def shorten(text: str, width: int = 18) -> str:
    r"""``text``, at most ``width`` characters, and without signs that matplotlib would take for mathematics.

    >>> shorten("a" * 30), shorten("5$")
    ('aaaaaaaaaaaaaaaaa…', '5\\$')
    """
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return (text if len(text) <= width else text[: width - 1] + "…").replace("$", r"\$")


def _points(curve: Sequence[CurvePoint], key: str) -> list[tuple[int, float]]:
    return [(point.step, value) for point in curve if (value := getattr(point, key)) is not None]


def _columns(points: list[tuple[int, float]]) -> tuple[list[int], list[float]]:
    return [step for step, _ in points], [value for _, value in points]


def plain(axes: Axes, *, left: bool = True) -> None:
    """Leave only the lines that carry information."""
    for side in ("top", "right") if left else ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(Role.LINE)
    axes.tick_params(colors=Role.MUTED, labelsize=8, length=0 if not left else 3)
