"""Cron expressions: which minutes they mean, and the same in systemd's words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ntgate.errors import ConfigError

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SHORTHANDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class _Field(NamedTuple):
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 7, _DAYS),
)


class Cron(NamedTuple):
    """A cron expression, understood.

    Attributes:
        text: as it was given, with single spaces.
        minutes: that match, and so for the other fields; days of the week count from Sunday as 0.
        either_day: both day fields are restricted, and one of them is enough; otherwise both must match.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either_day: bool

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Understand the five fields that every cron, Kubernetes and Kubeflow understand alike.

        Extensions that one of them refuses or reads in another way (seconds, ``L``, ``W``, ``#``, ``5/10``, ``@reboot``) are
        refused here, so that a schedule means the same wherever it is moved to.

        Raises:
            ConfigError: naming the field that cannot be understood.

        >>> Cron.parse("17 3 * * mon").weekdays
        (1,)
        >>> Cron.parse("17 25 * * 1")
        Traceback (most recent call last):
            ...
        ntgate.errors.ConfigError: --cron: expected an hour from 0 to 23, got '25'; write e.g. --cron '17 3 * * 1'.
        """
        words = _SHORTHANDS.get(text.strip().lower(), text).split()
        if len(words) != len(_FIELDS):
            raise _wrong("five fields: minute, hour, day of the month, month, day of the week", text)
        minutes, hours, days, months, weekdays = (_values(word, field) for word, field in zip(words, _FIELDS, strict=True))
        weekdays = tuple(sorted({day % 7 for day in weekdays}))
        # As in cron itself a field that begins with a star is no restriction of the other, even with a step.
        either_day = not words[2].startswith("*") and not words[4].startswith("*")
        if not either_day and not any(day <= _LONGEST_MONTH[month - 1] for day in days for month in months):
            raise _wrong("a date that exists", text)
        return cls(" ".join(text.split()), minutes, hours, days, months, weekdays, either_day)

    @property
    def calendar(self) -> tuple[str, ...]:
        """The same minutes as ``OnCalendar=`` lines of a systemd timer, each one adding to the others.

        >>> Cron.parse("17 3 * * 1").calendar
        ('Mon *-*-* 03:17:00',)
        >>> Cron.parse("0 6 1 * fri").calendar
        ('*-*-01 06:00:00', 'Fri *-*-* 06:00:00')
        """
        weekdays = _listed(self.weekdays, range(7), lambda day: _DAYS[day].capitalize())
        months = _listed(self.months, range(1, 13), "{:02d}".format)
        days = _listed(self.days, range(1, 32), "{:02d}".format)
        hours = _listed(self.hours, range(24), "{:02d}".format)
        minutes = _listed(self.minutes, range(60), "{:02d}".format)

        def line(weekdays: str, days: str) -> str:
            return f"{'' if weekdays == '*' else weekdays + ' '}*-{months}-{days} {hours}:{minutes}:00"

        if not self.either_day:
            return (line(weekdays, days),)
        return line("*", days), line(weekdays, "*")


def _listed(values: tuple[int, ...], every: range, form: Callable[[int], str]) -> str:
    return "*" if set(values) == set(every) else ",".join(form(value) for value in values)


def _values(word: str, field: _Field) -> tuple[int, ...]:
    found: set[int] = set()
    for part in word.lower().split(","):
        match = re.fullmatch(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?", part)
        if match is None or (match[2] and match[4] and not match[3]):
            raise _wrong_field(field, part)
        low = field.low if match[1] else _number(match[2], field)
        high = field.high if match[1] else _number(match[3] or match[2], field)
        step = int(match[4] or 1)
        if low > high or not 1 <= step <= field.high - field.low + 1:
            raise _wrong_field(field, part)
        found.update(range(low, high + 1, step))
    return tuple(sorted(found))


def _number(text: str, field: _Field) -> int:
    if text in field.names:
        return field.names.index(text) + field.low
    if not text.isdecimal() or not field.low <= int(text) <= field.high:
        raise _wrong_field(field, text)
    return int(text)


def _wrong_field(field: _Field, got: str) -> ConfigError:
    article = "an" if field.name == "hour" else "a"
    return _wrong(f"{article} {field.name} from {field.low} to {field.high}", got)


def _wrong(expected: str, got: str) -> ConfigError:
    return ConfigError("--cron", expected=expected, got=repr(got), fix="write e.g. --cron '17 3 * * 1'")
