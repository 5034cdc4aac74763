"""What the candidate gains over everything it was compared with, as the rows of one forest plot."""

from __future__ import annotations

from ntgate.report import numbers, words
from ntgate.report.content import RunReport
from ntgate.report.told import Interval, Number, Told


class ForestRow(Told):
    """One gain: over what, its interval where it has one, and whether the verdict is about it."""

    label: str
    gain: Number = None
    interval: Interval = None
    decides: bool = False

    @property
    def tone(self) -> str:
        """``good`` or ``bad`` where the interval is on one side of zero, else ``unsure``; ``plain`` without an interval."""
        ends = self.interval
        return "plain" if ends is None else "good" if ends[0] > 0 else "bad" if ends[1] < 0 else "unsure"


class Drawn(Told):
    """A row on the page: its numbers as text, and where they lie, in per cent of the width."""

    label: str
    text: str
    between: str
    tone: str
    decides: bool
    at: float | None = None
    ends: tuple[float, float] | None = None


class Forest(Told):
    """The rows, and where zero and the margin lie, in per cent of the width."""

    rows: tuple[Drawn, ...] = ()
    zero: float = 50.0
    margin: float | None = None


def forest_rows(report: RunReport) -> tuple[ForestRow, ...]:
    """The gain over scratch, which the verdict is about, then champion, seeds, learners and the constant guess.

    Where scratch took the place of a collapsed champion, its gain over it comes first.

    >>> told = {"outcome": "promoted", "gain": 0.03, "gain_interval": [0.01, 0.05]}
    >>> [(row.label, row.tone, row.decides) for row in forest_rows(RunReport.of(told))]
    [('over training from scratch', 'good', True)]
    """
    if report.gain_interval is None:
        return ()
    rows = []
    if (taken := report.replacement) is not None and not taken.again:
        rows.append(
            ForestRow(label="training from scratch over the champion", gain=taken.gain, interval=taken.gain_interval, decides=True)
        )
    rows.append(
        ForestRow(label="over training from scratch", gain=report.gain, interval=report.gain_interval, decides=taken is None)
    )
    if (held := report.over_champion) is not None:
        version = "" if report.champion is None or report.champion.version is None else f", version {report.champion.version}"
        rows.append(ForestRow(label=f"over the champion{version}", gain=held.gain, interval=held.gain_interval))
    if (seeds := report.over_seeds) is not None:
        rows.append(ForestRow(label=f"over scratch, mean of {len(seeds.gains)} seeds", gain=seeds.gain, interval=seeds.interval))
        rows += [ForestRow(label=f"seed {number}", gain=gain) for number, gain in enumerate(seeds.gains, 1)]
    rows += [
        ForestRow(label=f"over {words.strategy(one.strategy, report.plan)}", gain=one.gain, interval=one.gain_interval)
        for one in report.learners
    ]
    if (guess := report.constant) is not None:
        rows.append(ForestRow(label="over always the same answer", gain=guess.gain, interval=guess.gain_interval))
    return tuple(rows)


def forest(report: RunReport) -> Forest:
    """The plot. A gain over the constant guess that is far beyond all others stands at the edge, with its number.

    >>> told = {"outcome": "promoted", "gain": 0.03, "gain_interval": [0.01, 0.05]}
    >>> drawn = forest(RunReport.of(told))
    >>> drawn.zero < drawn.rows[0].ends[0] < drawn.rows[0].at < drawn.rows[0].ends[1]
    True
    """
    rows = forest_rows(report)
    if not rows:
        return Forest()
    near = [row for row in rows if row.label != "over always the same answer"]
    seen = [end for row in near for end in (row.interval or (row.gain,)) if end is not None]
    low, high = min(0.0, *seen), max(0.0, report.margin or 0.0, *seen)
    room = 0.08 * (high - low) or 0.01
    low, high = low - room, high + room

    def at(value: float) -> float:
        return round(min(100.0, max(0.0, 100 * (value - low) / (high - low))), 2)

    return Forest(
        rows=tuple(
            Drawn(
                label=row.label,
                text=numbers.gain(row.gain, report.metric_display),
                between=_between(row.interval, report),
                tone=row.tone,
                decides=row.decides,
                at=None if row.gain is None else at(row.gain),
                ends=None if row.interval is None else (at(row.interval[0]), at(row.interval[1])),
            )
            for row in rows
        ),
        zero=at(0.0),
        margin=at(report.margin) if report.margin else None,
    )


def _between(ends: Interval, report: RunReport) -> str:
    if ends is None:
        return ""
    return " to ".join(numbers.gain(end, report.metric_display, unit=False) for end in ends)
