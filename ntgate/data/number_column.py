"""A column of numbers: a quantity, a date in numbers, or what is none though it is written in digits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ntgate.data.cells import DAYS_IN_DIGITS
from ntgate.data.column_form import ColumnForm
from ntgate.data.text_column import Judged

if TYPE_CHECKING:
    from ntgate.data.domain import Domain

Floats = npt.NDArray[np.float64]

NUMBER = ColumnForm(kind="number")
_ROWS = 50_000  # of a domain, looked at
_LEAST = 20  # rows from which anything can be told
_INDEX = re.compile(r"unnamed: \d+|index|level_\d+|row_?(id|no|num|number|index)|", re.IGNORECASE)
_CODE = re.compile(r"(^|[_\W])(id|code|cd|zip|zip_?code|post_?code|postal|plz|sku|ean|isbn)($|[_\W])", re.IGNORECASE)
_NINES = re.compile(r"-?9{2,}[0-9]?|-9")  # 998 stands beside 999
_ENDS = frozenset((-(2.0**15), 2.0**15 - 1, 2.0**16 - 1, -(2.0**31), 2.0**31 - 1, 2.0**32 - 1))  # of types of whole numbers
_HUGE = 1e15  # what is as large among smaller ones fills gaps: 1e20, 9.97e36, the end of float32
_MOST_MARKS = 6
EPOCH = (9e8, 2.2e9)  # seconds: 1998 to 2039
STEPS = {1.0: "seconds", 1e-3: "milliseconds", 1e-6: "microseconds", 1e-9: "nanoseconds"}
_LONG = (2.0**53, 2.0**64)  # from here float64 skips whole numbers, to where they are kept
_TIMES = (100, 1000, 1_000_000)  # per cent and shares, thousands, parts of a second
_FAR = 10.0  # interquartile ranges from the quartiles
_SURE = 1e-6  # p-value below which a code's classes follow no smooth curve
_GAIN = 0.03  # of the label's variance, that each code on its own explains beyond such a curve
_DEGREE = 5


def judged(
    name: str, parts: Mapping[str, Floats], source: Domain | None, *, look: bool = True, alike: tuple[Any, Any] | None = None
) -> Judged:
    """How a column of numbers is read.

    Args:
        name: the column's.
        parts: its numbers by domain, NaN where there is none.
        source: rows with their labels, of which it may tell: the source's, or the target's where there is none.
        look: whether to look for what has to be asked about.
        alike: two numbers of the files that are one here.
    """
    finite = {domain: np.isfinite(values) for domain, values in parts.items()}
    known = {domain: values if finite[domain].all() else values[finite[domain]] for domain, values in parts.items()}
    known = {domain: values for domain, values in known.items() if len(values)}
    every = np.concatenate([_some(values) for values in known.values()]) if known else np.zeros(0)
    told, whole = f"Column {name!r}", bool((every == np.round(every)).all())
    if len(every) < _LEAST:
        return Judged(NUMBER) if alike is None else _lost(told, alike)
    form = ColumnForm(kind="number", exact=_collapse(every))
    if not look:
        found = _date(told, every) if whole else None
        return found if found is not None and found.seen is None else Judged(form)
    if whole:
        found = _date(told, every) or _index(name, told, known) or _code(name, told, known, form) or _long(told, every)
        if found is not None:
            return found
    found = _unit(told, known, form) if alike is None else _lost(told, alike)
    if found is not None:
        return found
    labelled = None if source is None else parts.get(source.name)
    found = _of_label(told, labelled, source, form, whole=whole) or _sentinels(told, every, form)
    return found or Judged(form)


def _some(values: Floats) -> Floats:
    return values if len(values) <= _ROWS else values[:: len(values) // _ROWS + 1]


def _collapse(values: Floats) -> bool:
    """Whether numbers that differ would be equal as float32."""
    different = np.unique(values)
    with np.errstate(over="ignore"):
        rounded = different.astype(np.float32)  # still in order
    return 1 + int(np.count_nonzero(rounded[1:] != rounded[:-1])) < 0.9 * len(different)


def _date(told: str, values: Floats) -> Judged | None:
    low, high, different = values.min(), values.max(), len(np.unique(values[:2000]))
    if low >= DAYS_IN_DIGITS[0] and high <= DAYS_IN_DIGITS[1] and different >= _LEAST:
        year, month, day = values // 10_000, values // 100 % 100, values % 100
        if (year >= 1900).all() and ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all():
            return Judged(ColumnForm(kind="date", written="year, month, day without signs between"))
    for unit, called in STEPS.items():
        if low * unit >= EPOCH[0] and high * unit <= EPOCH[1] and different >= _LEAST:
            seen = f"{told} has whole numbers that look like {called} since 1970, such as {values[0]:.0f}"
            return Judged(ColumnForm(kind="number", exact=True), seen, "date", "`number` or `ignore`")
    return None


def _index(name: str, told: str, known: Mapping[str, Floats]) -> Judged | None:
    numbered, ordered = True, True
    for values in known.values():
        span = values.max() - values.min() + 1
        numbered &= len(values) >= _LEAST and span <= 2 * len(values) and len(np.unique(_some(values))) == len(_some(values))
        ordered &= len(values) >= _LEAST and bool((np.diff(values) > 0).all())
    if numbered or ordered or (_INDEX.fullmatch(name.strip()) and any(len(values) >= _LEAST for values in known.values())):
        first = next(iter(known.values()))
        shown = ", ".join(f"{value:.0f}" for value in first[:3])
        return Judged(None, f"{told} numbers the rows ({shown}, ...)", "ignore", "`number`")
    return None


def _code(name: str, told: str, known: Mapping[str, Floats], form: ColumnForm) -> Judged | None:
    every = np.concatenate(list(known.values()))
    different = len(np.unique(_some(every)))
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    if different <= 2 or not _CODE.search(spaced):
        return None
    seen = f"{told} is called like a code and has {different:,} different whole numbers"
    few = different <= min(1000, 0.5 * len(every))
    return Judged(form, seen, "category" if few else "ignore", "`number`")


def _long(told: str, every: Floats) -> Judged | None:
    """Whole numbers of which float64 loses the last digits, and which int64 holds: ids."""
    if every.max() < _LONG[0] or every.max() > _LONG[1]:
        return None
    seen = f"{told} has whole numbers of over 15 digits, such as {every.max():.0f}, which are perhaps codes"
    return Judged(None, seen, "ignore", "`number`; as text in the files they can be a `category`")


def _lost(told: str, alike: tuple[Any, Any]) -> Judged:
    """Numbers that are told apart by digits that float64 has not."""
    seen = f"{told} has different numbers of over 15 digits that would be one, such as {alike[0]} and {alike[1]}"
    return Judged(None, seen, "ignore", "`number`, where these digits say nothing, or `category`")


def _unit(told: str, known: Mapping[str, Floats], form: ColumnForm) -> Judged | None:
    """Numbers that are a hundred, a thousand or a million times as large in one domain as in another, and else alike."""
    if len(known) < 2 or any(len(values) < _LEAST for values in known.values()):
        return None
    (first, one), *others = ((domain, np.quantile(_some(values), (0.25, 0.5, 0.75))) for domain, values in known.items())
    for domain, other in others:
        for times in _TIMES:
            low, high, factor = (one, other, times) if abs(other[1]) > abs(one[1]) else (other, one, times)
            spread = high[2] - high[0], factor * (low[2] - low[0])
            middle = high[1], factor * low[1]
            if spread[1] > 0 and all(0.7 < a / b < 1.4 for a, b in (spread, middle) if b):
                larger, smaller = (domain, first) if high is other else (first, domain)
                seen = f"{told} has numbers about {times:,} times as large in {larger} as in {smaller}, in another unit perhaps"
                return Judged(form, seen, "number", "write it in one way in the files")
    return None


def _of_label(told: str, values: Floats | None, source: Domain | None, form: ColumnForm, *, whole: bool) -> Judged | None:
    """A column that tells the label, or whose numbers order nothing that the label follows."""
    if values is None or source is None or source.y is None or not whole:
        return None
    known = np.isfinite(values)
    y = source.y if known.all() else source.y[known]
    values = values if known.all() else values[known]
    values, y = _some(values), y if len(values) <= _ROWS else y[:: len(values) // _ROWS + 1]
    groups, place = np.unique(values, return_inverse=True)
    if len(values) >= _LEAST and len(groups) >= 0.9 * len(values):
        ordered = y[np.argsort(values, kind="stable")]
        runs = 1 + int((np.diff(ordered) != 0).sum())
        if runs == len(np.unique(y)):
            return Judged(None, f"{told} orders the rows by their label", "ignore", "`number`")
        return None
    table = crossed(place, y, len(groups), len(source.classes))
    if tells(table):
        where = "" if known.all() else " in which it stands"
        return Judged(form, f"{told} tells the label of every row of the {source.name}{where}", "ignore", "`number` or `category`")
    if 5 <= len(groups) <= 1000 and len(values) >= 5 * len(groups) and _follows_no_curve(table):
        seen = f"{told} has {len(groups)} different whole numbers, whose order says nothing of the label"
        return Judged(form, seen, "category", "`number`")
    return None


def crossed(place: npt.NDArray[Any], y: npt.NDArray[Any], values: int, classes: int) -> Floats:
    """How often each of so many values stands with each class ``(values, classes)``."""
    return np.bincount(place * classes + y, minlength=values * classes).reshape(values, classes).astype(np.float64)


def tells(table: npt.NDArray[Any]) -> bool:
    """Whether each of few values stands with one class alone, and each class with values of its own.

    Args:
        table: how often each value stands with each class ``(k, c)``.
    """
    few = table.shape[0] <= 2 * table.shape[1] and table.sum() >= 50 and table.shape[0] >= 2
    return few and bool(((table > 0).sum(axis=1) == 1).all() and ((table > 0).any(axis=0)).all())


def _follows_no_curve(table: Floats) -> bool:
    """An F-test: the shares of the classes by value against a polynomial of the value's rank."""
    from scipy.special import fdtrc

    sizes, n = table.sum(axis=1), float(table.sum())
    degree, rank = min(_DEGREE, len(table) - 2), np.linspace(-1, 1, len(table))
    basis = np.polynomial.legendre.legvander(rank, degree)
    weight = np.sqrt(sizes)[:, None]
    shares = table / sizes[:, None]
    fitted = basis @ np.linalg.lstsq(basis * weight, shares * weight, rcond=None)[0]
    lack = float((sizes[:, None] * (shares - fitted) ** 2).sum())
    within = float((table * (1 - shares)).sum())
    total = float((table.sum(axis=0) * (1 - table.sum(axis=0) / n)).sum())
    free = len(table) - degree - 1
    if total == 0 or lack < _GAIN * total:
        return False
    ratio = (lack / free) / max(within / (n - len(table)), 1e-12)
    return bool(fdtrc(free, n - len(table), ratio) < _SURE)


def _sentinels(told: str, values: Floats, form: ColumnForm) -> Judged | None:
    """Numbers far out that are made of nines or end a type of numbers, or -9 where nothing else is below nought."""
    different, counts = np.unique(values, return_counts=True)
    low, high = 0, len(different)
    while high - low > 1 and high - low > len(different) - _MOST_MARKS:
        if _is_mark(different[high - 1]):
            high -= 1
        elif _is_mark(different[low]):
            low += 1
        else:
            break
    marks, often = _far(different, counts, low, high)
    if not len(marks) or often.sum() > len(values) / 2:
        return None
    shown = [f"{mark:.0f}" if abs(mark) < _HUGE else repr(float(mark)) for mark in marks]
    said = [f"{word} in {times} row{'s' if times > 1 else ''}" for word, times in zip(shown, often, strict=True)]
    seen = f"{told} has {' and '.join(said)}, far from all other numbers"
    return Judged(form, seen, {"kind": "number", "missing": shown}, "`number`, where it is one")


def _far(different: Floats, counts: npt.NDArray[np.int64], low: int, high: int) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Those of the marks, outside of ``low`` to ``high``, that are far from all that is none, and how often they stand."""
    kept = np.ones(len(different), dtype=bool)
    kept[low:high] = False
    while kept.any():
        rest, often = different[~kept], counts[~kept]
        quartiles = np.searchsorted(np.cumsum(often), (0.25 * often.sum(), 0.75 * often.sum()))
        first, third = rest[np.minimum(quartiles, len(rest) - 1)]
        reach, span, size = _FAR * (third - first), rest[-1] - rest[0], np.abs(rest).max()
        beyond = np.maximum(different - rest[-1], rest[0] - different)
        outside = (different > third + reach) | (different < first - reach)
        long, again = np.abs(different) >= 100, counts >= 3
        far = (np.abs(different) > 2 * size) & ((outside & long) | ((beyond > span) & again))
        alone = (different < 0) & (rest[0] >= 0) & (counts > 1)
        left = kept & (far | alone)
        if (left == kept).all():
            break
        kept = left
    return different[kept], counts[kept]


def _is_mark(value: np.float64) -> bool:
    if abs(value) >= _HUGE or value in _ENDS:
        return True
    return bool(value == np.round(value)) and _NINES.fullmatch(f"{value:.0f}") is not None
