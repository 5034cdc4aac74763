"""Dates that are written as text: in which order of day, month and year."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ntgate.data.column_form import Rules

_PLAIN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?")
_REST = r"([T ].*)?"
_FIRST = r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})" + _REST + "$"
_PADDED: Rules = ((r"^(\d{4})-(\d)(?=-)", r"\1-0\2"), (r"^(\d{4}-\d{2})-(\d)(?=$|[T ])", r"\1-0\2"))
_DAY, _OF_YEAR = r"(?:0?[1-9]|[12][0-9]|3[01])", r"(?:0?[1-9]|1[0-2])"
_SHAPES = {
    "ymd": re.compile(rf"[0-9]{{4}}[./-]{_OF_YEAR}[./-]{_DAY}{_REST}"),
    "dmy": re.compile(rf"{_DAY}[./-]{_OF_YEAR}[./-][0-9]{{4}}{_REST}"),
    "mdy": re.compile(rf"{_OF_YEAR}[./-]{_DAY}[./-][0-9]{{4}}{_REST}"),
}

# What makes a date that begins with its year of one in another order.
ORDERS: dict[str, Rules] = {
    "ymd": ((r"^(\d{4})[./-](\d{1,2})[./-](\d{1,2})", r"\1-\2-\3"), *_PADDED),
    "dmy": ((_FIRST, r"\3-\2-\1\4"), *_PADDED),
    "mdy": ((_FIRST, r"\3-\1-\2\4"), *_PADDED),
}
SAID = {"ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year"}
_CLOCK = r"(:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*"
# What makes a time of 24 hours of one of twice twelve, and what else ISO 8601 does not know of a time.
_TIMES: tuple[tuple[re.Pattern[str], Rules], ...] = (
    (
        re.compile(r"(?i)\d\s*[AP]M$"),
        (
            (rf"(?i)[T ]12{_CLOCK}AM$", r" 00\1"),
            (rf"(?i){_CLOCK}AM$", r"\1"),
            (rf"(?i)([T ]12){_CLOCK}PM$", r"\1\2"),
            *((rf"(?i)[T ]0?{hour}{_CLOCK}PM$", rf" {hour + 12}\1") for hour in range(1, 12)),
        ),
    ),
    (re.compile(r":\d{2},\d"), ((r"(:\d{2}),(?=\d)", r"\1."),)),
    (re.compile(r"\d\s*(UTC|GMT)$"), ((r"\s*(UTC|GMT)$", "Z"),)),
)

ZERO = re.compile(r"0000-00-00([T ]00:00(:00(\.0+)?)?)?")  # which MySQL has for no date
_MARKS = ([1, 1], [12, 31], [12, 30])  # day and month
_FAR = 40  # years from all other dates, from where a date is perhaps a mark
_MONTH = r"(jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[^\W\d_]*\.?"
_OTHERWISE = re.compile(
    r"(\d{2}[./-]\d{2}[./-]\d{2}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}"
    rf"|([^\W\d_]{{2,9}}\.?,? )?\d{{1,2}}(st|nd|rd|th|\.)?[ -]*{_MONTH},?[ -]*\d{{2,4}}"
    rf"|([^\W\d_]{{2,9}}\.?,? )?{_MONTH} \d{{1,2}}(st|nd|rd|th)?,? \d{{4}})([T ,].*)?",
    re.IGNORECASE,
)


def rules_of(order: str, texts: Sequence[str]) -> Rules:
    """What makes dates as ISO 8601 has them of ``texts`` in an order.

    >>> len(rules_of("dmy", ["31.01.2024"])), len(rules_of("dmy", ["31.01.2024 08:15 UTC"]))
    (3, 4)
    """
    more = (rules for found, rules in _TIMES if any(map(found.search, texts)))
    return (*ORDERS[order], *(rule for rules in more for rule in rules))


def order_of(rules: Rules) -> str | None:
    """The order of a column with such rules, where day or month is first: else None.

    >>> order_of(rules_of("mdy", [])), order_of(rules_of("ymd", []))
    ('mdy', None)
    """
    return next((order for order in ("dmy", "mdy") if ORDERS[order][0] in rules), None)


def far_away(texts: Sequence[str], order: str) -> list[str]:
    """The dates, first or last days of a year or a time, that stand for none: many years before or behind all others.

    >>> far_away(["2024-01-31", "2023-02-01", "9999-12-31"], "ymd")
    ['9999-12-31']
    """
    parts = {text: re.findall(r"\d+", text)[:3] for text in texts}
    years = {text: int(part[0 if order == "ymd" else 2]) for text, part in parts.items()}
    known, often = sorted(set(years.values())), Counter(years.values())
    if len(known) < 2:
        return []
    ends = {known[0]: known[1] - known[0], known[-1]: known[-1] - known[-2]}
    return sorted(
        text
        for text, year in years.items()
        if often[year] == 1 and ends.get(year, 0) > _FAR and sorted(map(int, parts[text]))[:2] in _MARKS
    )


def orders(texts: Sequence[str]) -> list[str]:
    """The orders in which all of the different ``texts`` are dates: none, one, or where it is doubtful two.

    >>> orders(["2024-01-31", "2024-02-01 12:30:00"]), orders(["31.01.2024", "01.02.2024"]), orders(["1/2/2024"])
    (['ymd'], ['dmy'], ['dmy', 'mdy'])
    >>> orders(["1.2.3", "x"]), orders(["30.02.2024"]), orders(["1/31/2024 12:05 AM", "2/1/2024 1:30 pm"])
    ([], [], ['mdy'])
    """
    return [order for order, found in dates_by_order(texts, whole=True).items() if found.all()]


def dates_by_order(texts: Sequence[str], *, whole: bool = False) -> dict[str, npt.NDArray[np.bool_]]:
    """Which of the different ``texts`` are days of the calendar ``(n,)``, by the order in which they are read.

    Args:
        texts: without spaces around them.
        whole: whether only orders in which all of them are matter, so that others need not be looked at to the end.

    >>> {order: found.tolist() for order, found in dates_by_order(["2024-02-30", "2024-02-01", "1.2.2024"]).items()}
    {'ymd': [False, True, False], 'dmy': [False, False, True], 'mdy': [False, False, True]}
    """
    import pandas as pd

    from ntgate.data.cells import dates

    found = {}
    for order, shape in _SHAPES.items():
        fits = np.array([shape.fullmatch(text) is not None for text in texts], dtype=bool)
        if not fits.any() or (whole and not fits.all()):
            found[order] = np.zeros(len(texts), dtype=bool)
            continue
        like = [text for text, fit in zip(texts, fits, strict=True) if fit]
        rules = [(re.compile(expression), replacement) for expression, replacement in rules_of(order, like)]
        fits[fits] = dates(pd.Series([ruled(text, rules) for text in like], dtype=object)).notna().to_numpy()
        found[order] = fits
    return found


def undecided(texts: Sequence[str]) -> list[str]:
    """Those of the ``texts`` that begin with a day or a month, if none of them says which.

    >>> undecided(["01/02/2024", "?"]), undecided(["01/02/2024", "13/02/2024"])
    (['01/02/2024'], [])
    """
    day, month = (_SHAPES[order].fullmatch for order in ("dmy", "mdy"))
    either = [text for text in texts if day(text) or month(text)]
    return either if all(day(text) and month(text) for text in either) else []


def dates_otherwise(texts: Sequence[str]) -> list[str]:
    """Those of the ``texts`` that people know for dates, in whatever way they are written.

    >>> dates_otherwise(["31.01.24", "31-Jan-2024", "Jan 31, 2024", "Mon, 01 Jan 2024 00:00:00 GMT", "1.2.3", "may"])
    ['31.01.24', '31-Jan-2024', 'Jan 31, 2024', 'Mon, 01 Jan 2024 00:00:00 GMT']
    """
    return [text for text in texts if _OTHERWISE.fullmatch(text)]


def ruled(text: str, rules: Sequence[tuple[re.Pattern[str], str]]) -> str:
    """A text under rules, one after the other."""
    if _PLAIN.fullmatch(text):
        return text
    for expression, replacement in rules:
        text = expression.sub(replacement, text)
    return text
