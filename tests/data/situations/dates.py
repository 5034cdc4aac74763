"""Dates as people write them."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd

from tests.data.situations.build import NUMBER, Situation, days, of, parquet, some, stamps

DATES = [
    Situation("Days, 2024-01-31", "reads", "c  date", days("%Y-%m-%d"), kind="date"),
    Situation("Days and times", "reads", "c  date", days("%Y-%m-%d %H:%M:%S", step="h"), kind="date"),
    Situation("Days and times with a T and a Z", "reads", "c  date", days("%Y-%m-%dT%H:%M:%SZ", step="h"), kind="date"),
    Situation("Days and times with an offset", "reads", "c  date", days("%Y-%m-%dT%H:%M:%S+02:00", step="h"), kind="date"),
    Situation("Days with gaps", "reads", "missing", some(days("%Y-%m-%d"), None), kind="date"),
    Situation("Days with ? among them", "reads", "'?' for no value", some(days("%Y-%m-%d"), "?"), kind="date"),
    Situation("Days with another word among them", "asks", "dates, and 'tomorrow' among them", some(days("%Y-%m-%d"), "tomorrow")),
    Situation("Days with slashes, year first", "reads", "c  date", days("%Y/%m/%d"), kind="date"),
    Situation("31.01.2024", "reads", "day, month, year", days("%d.%m.%Y"), kind="date"),
    Situation("01/31/2024", "reads", "month, day, year", days("%m/%d/%Y"), kind="date"),
    Situation(
        "01/02/2024: day or month first",
        "asks",
        "day before month or month before day",
        lambda n, rng: [f"{a:02}/{b:02}/2024" for a, b in rng.integers(1, 13, (n, 2))],
    ),
    Situation(
        "Day or month first, answered",
        "reads",
        "month, day, year",
        lambda n, rng: [f"{a:02}/{b:02}/2024" for a, b in rng.integers(1, 13, (n, 2))],
        data={"columns": {"c": {"kind": "date", "order": "mdy"}}},
        kind="date",
    ),
    Situation("20240131 as a number", "reads", "year, month, day without signs between", days("%Y%m%d"), kind="date"),
    Situation("Seconds since 1970", "asks", "seconds since 1970", lambda n, rng: 1_600_000_000 + rng.integers(0, 10**7, n)),
    Situation(
        "Milliseconds since 1970", "asks", "milliseconds since 1970", lambda n, rng: 1_600_000_000_000 + rng.integers(0, 10**10, n)
    ),
    Situation(
        "Seconds since 1970, answered",
        "reads",
        "2020-09",
        lambda n, rng: 1_600_000_000 + 5 * np.arange(n),
        data={"columns": {"c": "date"}},
        kind="date",
    ),
    Situation(
        "Milliseconds since 1970, answered",
        "reads",
        "2020-09",
        lambda n, rng: 1_600_000_000_000 + 5 * np.arange(n),
        data={"columns": {"c": "date"}},
        kind="date",
    ),
    Situation("0000-00-00 for no date", "reads", "'0000-00-00' for no value", some(days("%Y-%m-%d"), "0000-00-00"), kind="date"),
    Situation(
        "9999-12-31 among days",
        "asks",
        "columns: {c: {kind: date, missing: ['9999-12-31']}}",
        some(days("%Y-%m-%d"), "9999-12-31"),
        kind="date",
    ),
    Situation(
        "01.01.1900 among days",
        "asks",
        "columns: {c: {kind: date, missing: [01.01.1900]}}",
        some(days("%d.%m.%Y"), "01.01.1900"),
        kind="date",
    ),
    Situation(
        "9999-12-31 among timestamps in parquet",
        "asks",
        "many years from all others",
        some(stamps("h", unit="us"), pd.Timestamp("9999-12-31")),
        write=parquet,
        kind="date",
    ),
    Situation("Days before 1970", "reads", "1901-01-01 to", days("%Y-%m-%d", start="1901-01-01"), kind="date"),
    Situation("Timestamps in parquet", "reads", "c  date", stamps(), write=parquet, kind="date"),
    Situation("Timestamps with a time zone in parquet", "reads", "c  date", stamps(tz="Europe/Berlin"), write=parquet, kind="date"),
    Situation(
        "Days in parquet",
        "reads",
        "c  date",
        lambda n, rng: [datetime.date(2024, 1, 1) + datetime.timedelta(i) for i in range(n)],
        write=parquet,
        kind="date",
    ),
    Situation(
        "Spans of time in parquet",
        "reads",
        NUMBER,
        lambda n, rng: pd.to_timedelta(rng.integers(0, 90_000, n), unit="s"),
        write=parquet,
        kind="number",
    ),
    Situation(
        "Times of the day in parquet",
        "reads",
        NUMBER,
        lambda n, rng: [datetime.time(int(h), int(m)) for h, m in rng.integers(0, 24, (n, 2))],
        write=parquet,
        kind="number",
    ),
    Situation(
        "Dates that the config calls a number",
        "refuses",
        "expected numbers, as data.columns says, got",
        days("%Y-%m-%d"),
        data={"columns": {"c": "number"}},
    ),
    Situation(
        "No dates that the config calls dates",
        "refuses",
        "as elsewhere in the column",
        of("a", "b"),
        data={"columns": {"c": "date"}},
    ),
    Situation("Times of twice twelve hours", "reads", "2024-03-10 17:00:00", days("%m/%d/%Y %I:%M %p", step="7h"), kind="date"),
    Situation(
        "Times with a comma before the milliseconds", "reads", "c  date", days("%Y-%m-%d %H:%M:%S,250", step="7h"), kind="date"
    ),
    Situation("Times with UTC behind them", "reads", "c  date", days("%Y-%m-%d %H:%M:%S UTC", step="7h"), kind="date"),
    Situation("Times with a word behind them", "asks", "in one that is not read", days("%d.%m.%Y %H:%M Uhr", step="7h")),
    Situation("The 30th of February", "asks", "dates, and '2024-02-30' among them", some(days("%Y-%m-%d"), "2024-02-30")),
    Situation("The 30th of February, day first", "asks", "order: dmy", some(days("%d.%m.%Y"), "30.02.2024")),
    Situation("Years of two digits", "asks", "'01.01.24'", days("%d.%m.%y")),
    Situation("Months in letters", "asks", "'01-Jan-2024'", days("%d-%b-%Y")),
    Situation("A few days with months in letters", "asks", "'03-Jan-2024'", of(*days("%d-%b-%Y")(20, np.random.default_rng(0)))),
    Situation(
        "Day first in one file, month first in the other", "asks", "dates in several ways", days("%d/%m/%Y"), days("%m/%d/%Y")
    ),
    Situation(
        "Day first in one file, year first in the other", "asks", "dates in several ways", days("%d/%m/%Y"), days("%Y-%m-%d")
    ),
    Situation(
        "Month first in the target, doubtful in the source",
        "asks",
        "in source, where nothing says whether day or month is first",
        lambda n, rng: [f"{a:02}/{b:02}/2024" for a, b in rng.integers(1, 13, (n, 2))],
        days("%m/%d/%Y"),
    ),
    Situation(
        "Dates in one file, days of a spreadsheet in the other",
        "asks",
        "dates in one file and something else in another",
        stamps(),
        lambda n, rng: 45292 + np.arange(n),
        write=parquet,
    ),
    Situation(
        "Times of rows that could be two dates",
        "refuses",
        "day before month or month before day",
        of("01/02/2024", "03/04/2024"),
        spec={"time": "c"},
    ),
    Situation("Times of rows with the day first", "reads", "amount  number", days("%d.%m.%Y"), spec={"time": "c"}),
    Situation("Times of rows with years of two digits", "refuses", "a number or a date", days("%d.%m.%y"), spec={"time": "c"}),
    Situation("Times of rows that have no day", "refuses", "a number or a date", days("%H:%M", step="37min"), spec={"time": "c"}),
    Situation("Rows of one time", "refuses", "160 rows at 1 times", of("2024-01-31"), spec={"time": "c"}),
    Situation(
        "Times of rows in seconds, and in milliseconds",
        "refuses",
        "expected times as in the source: seconds since 1970, or dates, got milliseconds since 1970",
        lambda n, rng: 1_700_000_000 + np.arange(n),
        lambda n, rng: (1_700_000_000 + np.arange(n)) * 1000,
        spec={"time": "c"},
    ),
    Situation(
        "Times of rows as dates, and as days of a spreadsheet",
        "refuses",
        "got small numbers",
        days("%Y-%m-%d"),
        lambda n, rng: 45292 + np.arange(n),
        spec={"time": "c"},
    ),
]
