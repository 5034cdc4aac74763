"""Dates that are written as text: in which order of day, month and year."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ntgate.data.column_form import Rules

_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?")
_SPLIT = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})([T ].*)?")
_REST = r"([T ].*)?"
_FIRST = r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})" + _REST + "$"
_PADDED: Rules = ((r"^(\d{4})-(\d)(?=-)", r"\1-0\2"), (r"^(\d{4}-\d{2})-(\d)(?=$|[T ])", r"\1-0\2"))

# What makes a date that begins with its year of one in another order.
ORDERS: dict[str, Rules] = {
    "ymd": ((r"^(\d{4})[./-](\d{1,2})[./-](\d{1,2})", r"\1-\2-\3"), *_PADDED),
    "dmy": ((_FIRST, r"\3-\2-\1\4"), *_PADDED),
    "mdy": ((_FIRST, r"\3-\1-\2\4"), *_PADDED),
}
SAID = {"ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year"}


ZERO = re.compile(r"0000-00-00([T ]00:00(:00(\.0+)?)?)?")  # which MySQL has for no date
_MARKS = ([1, 1], [12, 31], [12, 30])  # day and month
_FAR = 40  # years from all other dates, from where a date is perhaps a mark


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
    >>> orders(["1.2.3", "x"])
    []
    """
    if all(map(_ISO.fullmatch, texts)):
        return ["ymd"]
    parts = [_SPLIT.fullmatch(text) for text in texts]
    found = [match.groups()[:3] for match in parts if match is not None]
    if len(found) < len(texts):
        return []
    if all(len(first) == 4 for first, _, _ in found):
        return ["ymd"] if all(int(month) <= 12 and int(day) <= 31 for _, month, day in found) else []
    if not all(len(year) == 4 and len(first) <= 2 for first, _, year in found):
        return []
    possible = {
        "dmy": all(int(first) <= 31 and int(second) <= 12 for first, second, _ in found),
        "mdy": all(int(first) <= 12 and int(second) <= 31 for first, second, _ in found),
    }
    return [order for order, fits in possible.items() if fits]
