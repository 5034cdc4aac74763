"""A date as numbers that a model can learn from: how long ago, and where in the year, the week and the day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ntgate.base import Frozen
from ntgate.data.column_form import Rules

DAY = 86_400.0
YEAR = 365.2425 * DAY
_MONDAY = 3  # the day of the week of 1970-01-01, counted from Monday: it was a Thursday

Floats = npt.NDArray[np.float64]


class DateParts(Frozen):
    """The numbers of a date.

    They are the years since ``origin``, sine and cosine of the way through the year, one number a day of the week, and where times
    of the day differ, sine and cosine of the way through the day; last, where dates were missing, whether one is. A missing date
    is ``origin``.

    Attributes:
        name: the column.
        origin: the median date, in steps since 1970 in UTC.
        clock: whether the time of the day differs.
        marks_missing: whether a date was missing.
        rules: how its cells are read where they are text (see :class:`~ntgate.data.column_form.ColumnForm`).
        unit: seconds that one step takes.
    """

    name: str
    origin: float
    clock: bool
    marks_missing: bool
    rules: Rules = ()
    unit: float = 1.0

    @property
    def width(self) -> int:
        """How many numbers there are."""
        return 10 + 2 * self.clock + self.marks_missing

    def encode(self, steps: Floats) -> npt.NDArray[np.float32]:
        """Steps since 1970 ``(n,)``, NaN where missing, as numbers ``(n, width)``.

        >>> parts = DateParts(name="seen", origin=0.0, clock=False, marks_missing=False)
        >>> parts.encode(np.array([5 * 86400.0])).round(2).tolist()
        [[0.009999999776482582, 0.09000000357627869, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
        """
        missing = np.isnan(steps)
        known = np.where(missing, self.origin, steps) * self.unit
        through = (known / YEAR - np.floor(known / YEAR)).astype(np.float32) * np.float32(2 * np.pi)
        days = np.floor(known / DAY)
        week = days + _MONDAY - 7 * np.floor((days + _MONDAY) / 7)
        parts = [((known - self.origin * self.unit) / YEAR)[:, None], np.sin(through)[:, None], np.cos(through)[:, None]]
        parts.append(week[:, None] == np.arange(7))
        if self.clock:
            turn = (known / DAY - days).astype(np.float32) * np.float32(2 * np.pi)
            parts += [np.sin(turn)[:, None], np.cos(turn)[:, None]]
        if self.marks_missing:
            parts.append(missing[:, None])
        return np.hstack([part.astype(np.float32) for part in parts])


def date_parts(name: str, steps: Floats, rules: Rules = (), unit: float = 1.0) -> DateParts:
    """The parts of a column of dates, from the steps ``(n,)`` of the training rows."""
    known = steps[~np.isnan(steps)]
    origin = float(np.median(known)) if len(known) else 0.0
    clock = bool(len(known)) and bool((known * unit % DAY != known[0] * unit % DAY).any())
    return DateParts(name=name, origin=origin, clock=clock, marks_missing=len(known) < len(steps), rules=rules, unit=unit)
