"""Cron expressions against croniter, against systemd, and against what cron would never do."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from croniter import croniter

from ntgate.errors import ConfigError
from ntgate.scheduling.cron import Cron

BASE = datetime(2026, 1, 1, tzinfo=UTC)


def drawn(seed: int) -> str:
    """A random valid expression; a star with a step stands for no day, where implementations differ."""
    rng = random.Random(seed)

    def field(low: int, high: int, *, star: float, step: bool = True) -> str:
        if rng.random() < star:
            return f"*/{rng.randint(2, high - low)}" if step and rng.random() < 0.3 else "*"
        parts = []
        for _ in range(rng.randint(1, 2)):
            first = rng.randint(low, high - 1)
            last = rng.randint(first + 1, high)  # croniter takes 5-5 for every value
            parts.append(rng.choice([f"{first}", f"{first}-{last}", f"{first}-{last}/{rng.randint(1, 3)}"]))
        return ",".join(parts)

    return " ".join(
        [
            field(0, 59, star=0.3),
            field(0, 23, star=0.3),
            field(1, 28, star=0.5, step=False),
            field(1, 12, star=0.7),
            field(0, 6, star=0.5, step=False),
        ]
    )


def minutes(cron: Cron, base: datetime, count: int) -> list[datetime]:
    """The first ``count`` minutes after ``base`` that match, by looking at every day."""
    found: list[datetime] = []
    day = base.toordinal()
    while len(found) < count:
        date = datetime.fromordinal(day).replace(tzinfo=UTC)
        on_day, on_weekday = date.day in cron.days, date.isoweekday() % 7 in cron.weekdays
        if date.month in cron.months and ((on_day or on_weekday) if cron.either_day else (on_day and on_weekday)):
            times = [date.replace(hour=hour, minute=minute) for hour in cron.hours for minute in cron.minutes]
            found += [time for time in times if time > base]
        day += 1
    return found[:count]


@pytest.mark.parametrize("seed", range(60))
def test_the_same_minutes_as_croniter(seed):
    expression = drawn(seed)
    every = croniter(expression, BASE)
    assert minutes(Cron.parse(expression), BASE, 30) == [every.get_next(datetime) for _ in range(30)], expression


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize(
    "expression", [*map(drawn, range(12)), "17 3 * * 1", "0 6 1 * fri", "*/20 4-6 */2 * 1-5", "@monthly", "5 0 29 2 *", "0 0 * * 7"]
)
def test_the_same_minutes_in_systemd(expression):
    """Also where croniter differs from cron: a star with a step restricts its day and leaves the other field alone."""
    cron = Cron.parse(expression)
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=12", f"--base-time={BASE:%Y-%m-%d %H:%M:%S}", *cron.calendar],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr
    stamps = re.findall(r"(?:Next elapse|Iteration #\d+|Iter. #\d+): \w{3} (\S+ \S+) UTC", done.stdout)
    found = sorted({datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for stamp in stamps})
    assert len(found) >= 12
    assert found[:12] == minutes(cron, BASE, 12)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("", "five fields"),
        ("17 3 * *", "five fields"),
        ("0 17 3 * * 1", "five fields"),
        ("@reboot", "five fields"),
        ("60 3 * * 1", "a minute from 0 to 59, got '60'"),
        ("17 24 * * 1", "an hour from 0 to 23, got '24'"),
        ("17 3 0 * 1", "a day of the month from 1 to 31, got '0'"),
        ("17 3 * 13 1", "a month from 1 to 12, got '13'"),
        ("17 3 * * 8", "a day of the week from 0 to 7, got '8'"),
        ("17 3 * * mo", "a day of the week"),
        ("17 3 L * *", "a day of the month"),
        ("17 3 15W * *", "a day of the month"),
        ("17 3 * * 1#2", "a day of the week"),
        ("H 3 * * *", "a minute"),
        ("5/10 3 * * *", "a minute"),
        ("*/0 3 * * *", "a minute"),
        ("*/61 3 * * *", "a minute"),
        ("30-10 3 * * *", "a minute"),
        ("1,,2 3 * * *", "a minute"),
        ("17 3 * * 1; rm", "five fields"),
        ("17 3 31 2,4 *", "a date that exists"),
        ("17 3 30 2 */2", "a date that exists"),
    ],
)
def test_what_cannot_be_followed_everywhere_is_refused(expression, part):
    with pytest.raises(ConfigError) as told:
        Cron.parse(expression)
    assert part in str(told.value)
    assert "17 3 * * 1" in told.value.fix
