"""Pictures of a run for where no page is shown: the gains in one plot, who takes which class for which, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntgate.metrics.display import Display
from ntgate.report.content import RunReport
from ntgate.report.forest_plot import forest_rows
from ntgate.report.plots import plain, reliability, shorten
from ntgate.report.svg import Role

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_CLASSES = 30  # of a drawing in which each can be told
_LIGHT: dict[str, str] = {
    Role.INK: "#14171f",
    Role.MUTED: "#596273",
    Role.LINE: "#dfe3ea",
    Role.PAPER: "#ffffff",
    Role.ACCENT: "#2456c7",
    Role.GOOD: "#12703f",
    Role.BAD: "#b3261e",
    Role.UNSURE: "#8a5300",
    Role.SOURCE: "#b35300",
    Role.TARGET: "#2456c7",
}
_COLOURS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def write_pictures(report: RunReport, confusion: Mapping[str, Sequence[Sequence[int]]], folder: Path) -> list[Path]:
    """Draw what there is to draw of a run, as PNG files in ``folder``: nothing where results are withheld.

    Args:
        report: of the run.
        confusion: rows of the matrix ``(c, c)`` by arm: how many test rows of a class were taken for which.
        folder: takes the files.
    """
    drawn: dict[str, Figure] = {}
    if report.gain_interval is not None:
        drawn["gains"] = gains(report)
    if confusion and len(report.by_class) <= _MOST_CLASSES:
        drawn["confusion"] = confused(confusion, [row.name for row in report.by_class])
    if report.calibration:
        drawn["reliability"] = reliability(report.calibration)
    return [_png(figure, folder / f"{name}.png") for name, figure in drawn.items()]


def gains(report: RunReport) -> Figure:
    """What the candidate gains over everything that it was compared with.

    >>> told = {"outcome": "promoted", "gain": 0.03, "gain_interval": [0.01, 0.05]}
    >>> [label.get_text() for label in gains(RunReport.of(told)).axes[0].get_yticklabels()]
    ['over training from scratch']
    """
    from matplotlib.figure import Figure

    rows = forest_rows(report)
    unit, called = _unit(report.metric_display)
    figure = Figure(figsize=(7.2, 0.9 + 0.3 * len(rows)), layout="constrained")
    axes = figure.add_subplot()
    axes.axvline(0, color=Role.INK, linewidth=1)
    if report.margin:
        axes.axvline(report.margin * unit, color=Role.MUTED, linewidth=1, linestyle=(0, (4, 3)))
    for y, row in enumerate(rows):
        gain = row.gain
        sure = row.interval or ((gain, gain) if gain is not None else (0.0, 0.0))
        colour = {"good": Role.GOOD, "bad": Role.BAD, "unsure": Role.UNSURE, "plain": Role.MUTED}[row.tone]
        axes.plot([end * unit for end in sure], [y, y], color=colour, linewidth=4 if y == 0 else 2, solid_capstyle="round")
        if gain is not None:
            axes.plot([gain * unit], [y], "o", color=colour, markersize=9 if y == 0 else 6)
    axes.set_yticks(range(len(rows)), [shorten(row.label, 40) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", color=Role.LINE, linewidth=0.8)
    axes.set_xlabel("gain of the candidate" + (f", {called}" if called else ""), size=9, color=Role.MUTED)
    plain(axes, left=False)
    return figure


def confused(matrices: Mapping[str, Sequence[Sequence[int]]], classes: Sequence[str]) -> Figure:
    """The confusion of each arm: rows are true classes, columns what the arm answers, the shade is the share of the class.

    >>> len(confused({"candidate": [[5, 0], [1, 4]], "scratch": [[3, 2], [1, 4]]}, ["no", "yes"]).axes)
    2
    """
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.2 + 4.2 * len(matrices), 4.6), layout="constrained")
    for axes, (arm, matrix) in zip(np.ravel(figure.subplots(1, len(matrices))), matrices.items(), strict=True):
        counts = np.asarray(matrix)
        axes.imshow(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                light = count > 0.6 * counts[row].sum()
                axes.text(column, row, str(count), ha="center", va="center", size=8, color=Role.PAPER if light else Role.INK)
        names = [shorten(name, 10) for name in classes]
        axes.set_xticks(range(len(names)), names, rotation=0 if len(names) <= 10 else 90)
        axes.set_yticks(range(len(names)), names)
        axes.set_title(arm, size=10, color=Role.INK)
        axes.set_xlabel("answered", size=9, color=Role.MUTED)
        axes.set_ylabel("true", size=9, color=Role.MUTED)
        plain(axes, left=False)
    return figure


def _unit(display: Display) -> tuple[float, str]:
    return (100.0, "points") if display.percent else (1.0, display.unit)


def _png(figure: Figure, path: Path) -> Path:
    """Write a figure in the colours of the light page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import to_hex

    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # makes all the ticks, which have colours too
    for artist in figure.findobj():
        for name in _COLOURS:
            get, change = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
            value: Any = None if get is None else get()
            if change is not None and isinstance(value, str | tuple) and (light := _LIGHT.get(to_hex(value))):
                change((light, value[3]) if len(value) == 4 else light)
    figure.savefig(path, dpi=110, facecolor="#ffffff")
    return path
