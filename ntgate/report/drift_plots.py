"""Plots of a drift report as matplotlib figures: pure functions from results, no pyplot, no files, no global state.

Source and target differ in colour, and in something else as well: a ring beside a dot, an area beside a line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ntgate.report.category_shares import CategoryShare
from ntgate.report.drift_content import ClassShare
from ntgate.report.histogram import Histogram
from ntgate.report.numbers import number
from ntgate.report.plots import plain, shorten
from ntgate.report.projection import Projection
from ntgate.report.svg import Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = 9
_TONES = {"good": Role.GOOD, "unsure": Role.UNSURE, "bad": Role.BAD}


def effect_interval(effect: float, interval: tuple[float, float] | None, *, tolerated: float | None, tone: str = "plain") -> Figure:
    """The effect size with its interval from 0 to 1, on the ground of what is tolerated.

    The axis is in square roots: an effect grows with the square of a distance.

    Args:
        effect: the measured effect size.
        interval: lower and upper end.
        tolerated: the effect up to which a shift is tolerated.
        tone: ``good``, ``unsure``, ``bad`` or ``plain``: gives the colour.

    >>> figure = effect_interval(0.05, (0.02, 0.09), tolerated=0.1)
    >>> figure.axes[0].get_xlabel()
    'effect size'
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 1.7), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlim(0, 1)
    axes.set_ylim(-1, 1.25)
    colour = _TONES.get(tone, Role.ACCENT)
    if tolerated is not None:
        edge = math.sqrt(tolerated)
        axes.axvspan(0, edge, color=Role.GOOD, alpha=0.10, linewidth=0)
        axes.axvspan(edge, 1, color=Role.BAD, alpha=0.10, linewidth=0)
        axes.axvline(edge, color=Role.INK, linewidth=1)
        _beside(axes, (edge, 0.86), "tolerated", left=True)
        _beside(axes, (edge, 0.86), "beyond", left=False)
    if interval is not None:
        lower, upper = (math.sqrt(max(end, 0.0)) for end in interval)
        axes.plot([lower, upper], [0, 0], color=colour, linewidth=5, solid_capstyle="round", clip_on=False)
        axes.plot([lower, lower], [-0.2, 0.2], [upper, upper], [-0.2, 0.2], color=colour, linewidth=2, clip_on=False)
    at = math.sqrt(min(max(effect, 0.0), 1.0))
    axes.plot([at], [0], "o", markersize=11, color=colour, markeredgecolor=Role.PAPER, markeredgewidth=2, clip_on=False, zorder=3)
    ticks = [0, 0.01, 0.06, 0.14, 0.3, 0.6, 1]  # two bell curves 0.2, 0.5, 0.8, 1.3 and 2.4 deviations apart
    axes.set_xticks([math.sqrt(tick) for tick in ticks], [f"{tick:g}" for tick in ticks])
    axes.yaxis.set_visible(False)
    plain(axes, left=False)
    axes.set_xlabel("effect size", size=_SIZE, color=Role.MUTED)
    return figure


def null_strip(observed: float, quantiles: tuple[float, float, float, float], *, tone: str = "plain") -> Figure:
    """The observed MMD^2 against what relabelling the rows at random gives: its 50, 90, 95 and 99 % quantiles.

    The axis is linear up to the 95 % quantile and logarithmic far beyond it.

    Args:
        observed: MMD^2.
        quantiles: of the permuted statistics.
        tone: ``good``, ``unsure``, ``bad`` or ``plain``: gives the colour.
    """
    from matplotlib.figure import Figure

    width = max(abs(quantiles[2]), 1e-12)
    low = min(quantiles[0], observed, 0.0) - width
    high = max(quantiles[3], observed) + max(width, 0.6 * observed)
    figure = Figure(figsize=(5.6, 1.7), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("asinh", linear_width=width)
    axes.set_xlim(low, high)
    axes.set_ylim(-1, 1.25)
    for start, end, alpha in zip((low, *quantiles[:3]), quantiles, (0.28, 0.20, 0.13, 0.07), strict=True):
        axes.axvspan(start, end, color=Role.MUTED, alpha=alpha, linewidth=0)
    _beside(axes, (low, 0.86), "random relabellings", left=False, colour=Role.INK)
    colour = _TONES.get(tone, Role.ACCENT)
    axes.plot([observed], [0], "o", markersize=11, color=colour, markeredgecolor=Role.PAPER, markeredgewidth=2, zorder=3)
    names = {observed: "observed", 0.0: "", quantiles[2]: "95 %", quantiles[3]: "99 %"}
    ticks = _apart(tuple(names), low, high, width)
    axes.set_xticks(ticks, [f"{number(tick, 2)}\n{names[tick]}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.yaxis.set_visible(False)
    plain(axes, left=False)
    axes.set_xlabel("MMD²", size=_SIZE, color=Role.MUTED)
    return figure


def projection(told: Projection, *, marked: tuple[Sequence[int], Sequence[int]] = ((), ())) -> Figure:
    """Both domains along the two directions in which the rows vary most; ``marked`` points are ringed.

    Args:
        told: the points.
        marked: which points of the source and of the target, by position among the points.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    size = 3.4 if max(len(told.source), len(told.target)) > 300 else 4.6
    domains = ((told.source, Role.SOURCE, marked[0]), (told.target, Role.TARGET, marked[1]))
    for points, colour, chosen in domains:
        dots = np.asarray(points, dtype=float).reshape(-1, 2)
        ring = colour == Role.SOURCE
        axes.plot(
            dots[:, 0],
            dots[:, 1],
            "o",
            markersize=size,
            alpha=0.55,
            markeredgewidth=1.0 if ring else 0,
            color="none" if ring else colour,
            markeredgecolor=colour,
        )
        axes.plot(
            dots[list(chosen), 0],
            dots[list(chosen), 1],
            "o",
            markersize=10,
            color="none",
            markeredgecolor=Role.INK,
            markeredgewidth=1.4,
            zorder=4,
        )
    for at, (name, share) in enumerate(zip(("first", "second"), told.explained, strict=True)):
        set_label = axes.set_ylabel if at else axes.set_xlabel
        set_label(f"{name} component, {100 * share:.0f} % of the variance", size=_SIZE, color=Role.MUTED)
    axes.locator_params(nbins=5)
    axes.set_aspect("equal", adjustable="datalim")
    plain(axes)
    return figure


def feature(told: Histogram) -> Figure:
    """One feature in both domains: the share of the rows in each bin, the source as an area, the target as a line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.6, 1.45), layout="constrained")
    axes = figure.add_subplot()
    edges = np.asarray(told.edges)
    for counts, colour, filled in ((told.source, Role.SOURCE, True), (told.target, Role.TARGET, False)):
        heights = np.asarray(counts, dtype=float)
        heights /= max(heights.sum(), 1)
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.30 if filled else 0.14, linewidth=0)
        axes.stairs(heights, edges, color=colour, linewidth=1.0 if filled else 1.8, baseline=None if filled else 0)
    axes.set_ylim(bottom=0)
    axes.set_xlim(edges[0], edges[-1])
    axes.yaxis.set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    plain(axes, left=False)
    axes.tick_params(labelsize=_SIZE)
    return figure


def categories(shares: Sequence[CategoryShare]) -> Figure:
    """The share of each value of a category, source above target."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.6, 0.5 + 0.3 * len(shares)), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(shares))
    source, target = ([100 * getattr(share, side) for share in shares] for side in ("source", "target"))
    axes.barh(places - 0.19, source, height=0.34, color=Role.SOURCE, alpha=0.55)
    axes.barh(places + 0.19, target, height=0.34, color=Role.TARGET)
    axes.set_yticks(places, [shorten(share.name, 14) for share in shares])
    axes.set_ylim(len(shares) - 0.45, -0.55)
    axes.set_xlim(left=0)
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel("per cent of the rows", size=_SIZE, color=Role.MUTED)
    plain(axes, left=False)
    axes.tick_params(labelsize=_SIZE)
    return figure


def class_shares(rows: Sequence[ClassShare]) -> Figure:
    """Each class's share of the source rows (ring) and its estimated share of the target rows (dot, with its interval)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 0.75 + 0.3 * max(len(rows), 1)), layout="constrained")
    axes = figure.add_subplot()
    for y, row in enumerate(rows):
        if row.interval is not None:
            axes.plot([100 * end for end in row.interval], [y, y], color=Role.TARGET, linewidth=2, solid_capstyle="butt")
        if row.source is not None:
            axes.plot([100 * row.source], [y], "o", color="none", markeredgecolor=Role.SOURCE, markeredgewidth=1.8, markersize=8)
        if row.target is not None:
            axes.plot([100 * row.target], [y], "o", color=Role.TARGET, markersize=6)
    axes.set_yticks(range(len(rows)), [shorten(row.name) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]) if rows else 0)
    axes.grid(axis="x", color=Role.LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("per cent of the rows", size=_SIZE, color=Role.MUTED)
    plain(axes, left=False)
    return figure


def _apart(ticks: Sequence[float], low: float, high: float, width: float) -> list[float]:
    """Those of the ticks that have room beside the ones before, on an asinh axis."""
    kept: list[float] = []
    room = 0.09 * (math.asinh(high / width) - math.asinh(low / width))
    for tick in ticks:
        if all(abs(math.asinh(tick / width) - math.asinh(other / width)) > room for other in kept):
            kept.append(tick)
    return kept


def _beside(axes: Axes, at: tuple[float, float], text: str, *, left: bool, colour: Role = Role.MUTED) -> None:
    axes.annotate(
        text,
        at,
        xytext=(-6 if left else 6, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        size=_SIZE,
        color=colour,
        annotation_clip=False,
    )
