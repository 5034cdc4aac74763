"""The columns of two tables as numbers that can be compared, whatever the columns hold.

A model may refuse a column, a measure of shift must not be blind to it. So this is not the encoder of a model: numbers among text
are compared as numbers, a column of nearly unique texts by what its texts look like, and where the two tables disagree on what a
column holds, it is compared as far as both can be read. Whatever is not plain is said in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ntgate.data.prose import prose
from ntgate.shift.columns.feature_tests import CATEGORIES
from ntgate.shift.columns.features import Features
from ntgate.shift.columns.topics import MOST as TOPICS
from ntgate.shift.columns.topics import topics

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

MOST_CATEGORIES = 1000
_MOSTLY = 0.5  # share of the texts that are numbers in a column of numbers
_DATES = 0.9  # share of the different texts that are dates in a column of dates
_UNIQUE = 0.5  # different texts by rows, in a column of free text
_FEW = 50  # different texts that are always categories
_EXACT = 2.0**24  # from here on float32 skips whole numbers
_LARGEST = 1e30  # a number; what is larger is none

_LOOKS: dict[str, Callable[[str], int]] = {
    "length": len,
    "words": lambda text: len(text.split()),
    "digits": lambda text: sum(map(str.isdigit, text)),
}


class Number(NamedTuple):
    """One number of every row.

    Attributes:
        name: its own.
        column: that it comes from.
        label: the feature that it belongs to.
        source: its values in the first table.
        target: and in the second.
        marks: whether it marks where the number before it is not known.
    """

    name: str
    column: str
    label: str
    source: npt.NDArray[Any]
    target: npt.NDArray[Any]
    marks: bool = False


def compared(
    source: pd.DataFrame, target: pd.DataFrame, texts: Collection[str] | None = None, dates: Mapping[str, float] | None = None
) -> Features:
    """Both tables, which have the same columns, as numbers.

    A number is itself, the median of both tables where it is missing, and one more that marks the missing. A text of few values is
    one number a category. A text that holds numbers for the most part is read as numbers, with a mark where it is none: such are
    the columns in which somebody wrote ``?``. So are dates. What people wrote is compared by length, words, digits and topics,
    other texts that nearly all differ by the first three.

    Args:
        source: one table.
        target: the other.
        texts: the columns that people wrote; None: those that look like it.
        dates: the columns of numbers that are steps of a date, and the seconds of a step.

    >>> import pandas as pd
    >>> before = pd.DataFrame({"age": [str(i) for i in range(60)], "colour": ["red", "blue"] * 30})
    >>> found = compared(before, before.replace("7", "?"))
    >>> found.names
    ('age', 'age is no number', 'colour = blue', 'colour = red')
    >>> found.notes
    ("Column 'age' holds text that is compared as numbers, with a mark for the 1 of 120 that is none.",)
    """
    numbers: list[Number] = []
    notes: list[str] = []
    owner: dict[str, str] = {}
    for column in source.columns:
        for found in _column(str(column), source[column], target[column], texts, (dates or {}).get(str(column))):
            if isinstance(found, str):
                notes.append(found)
                continue
            label = found.label
            while owner.setdefault(label, found.column) != found.column:  # a column is called like another one's mark
                label += "'"
            numbers.append(found._replace(label=label))
    rows = [np.empty((len(part), len(numbers)), dtype=np.float32) for part in (source, target)]
    for place, number in enumerate(numbers):
        rows[0][:, place], rows[1][:, place] = number.source, number.target
    names, columns, labels = zip(*((one.name, one.column, one.label) for one in numbers), strict=True)
    marks = tuple((place - 1, place) for place, number in enumerate(numbers) if number.marks)
    return Features(rows[0], rows[1], names, columns, labels, tuple(notes), marks)


def _column(
    name: str, first: pd.Series[Any], second: pd.Series[Any], written: Collection[str] | None, step: float | None
) -> Iterator[Number | str]:
    if first.dtype.kind == second.dtype.kind == "f":
        one, other = first.to_numpy(dtype=np.float64), second.to_numpy(dtype=np.float64)
        least = np.nanmin(np.concatenate([one, other])) if first.dtype == np.float64 and not _nothing(one, other) else 0.0
        if least and np.abs(least) > _EXACT:  # as float32, in which all is compared, such numbers would be equal
            yield f"Column {name!r} is compared by how far its {_lie_above(float(least), step)}."
            one, other = one - least, other - least
        yield from _numeric(name, one, other)
        return
    mixed = first.dtype.kind != second.dtype.kind and not first.isna().all() and not second.isna().all()
    if mixed:
        held = ["numbers" if part.dtype.kind == "f" else "text" for part in (first, second)]
        yield (
            f"Column {name!r} holds {held[0]} in the source and {held[1]} in the target: it is compared as far as both can be "
            "read. Write it the same way in both."
        )
    yield from _text(name, first, second, mixed, written)


def _lie_above(least: float, step: float | None) -> str:
    """What lies how far above what, for people: a date's number tells them nothing.

    >>> _lie_above(1704070620.0, 1.0), _lie_above(2.0**25, None)
    ('dates lie behind 2024-01-01 00:57:00, in seconds', 'numbers lie above 33554432')
    """
    import pandas as pd

    if step is None:
        return f"numbers lie above {least:.15g}"
    unit = "seconds" if step == 1 else f"steps of {step:g} seconds"
    return f"dates lie behind {pd.Timestamp(least * step, unit='s').round('s')}, in {unit}"


def _text(
    name: str, first: pd.Series[Any], second: pd.Series[Any], mixed: bool, written: Collection[str] | None
) -> Iterator[Number | str]:
    import pandas as pd

    codes, found = pd.factorize(np.concatenate([_texts(first), _texts(second)]))
    own = codes[: len(first)], codes[len(first) :]
    texts = found.astype(str)
    rows = np.bincount(codes, minlength=len(texts)) * (texts != "")
    known = int(rows.sum())
    values = _numbers(texts)
    read = np.isfinite(values)
    if rows[read].sum() >= _MOSTLY * known and len(np.unique(values[read])) > CATEGORIES:
        if not mixed:
            none = int(rows[~read].sum())
            marks = f", with a mark for the {none:,} of {known:,} that {'is' if none == 1 else 'are'} none" if none else ""
            yield f"Column {name!r} holds text that is compared as numbers{marks}."
        yield from _numeric(name, values[own[0]], values[own[1]], "is no number")
        return
    different = int((texts != "").sum())
    if prose(texts[texts != ""].tolist(), known) if written is None else name in written:
        yield (
            f"Column {name!r} holds texts: compared are their length, words and digits, and what they are about, in {TOPICS} "
            "topics with the words that weigh most in each."
        )
        yield from _looks(name, texts, own)
        for number, (words, share) in enumerate(topics(texts.tolist()), start=1):
            label = f"{name} (topic {number}: {words})"
            yield Number(label, name, label, share[own[0]], share[own[1]])
        return
    if different <= _FEW or different <= min(MOST_CATEGORIES, _UNIQUE * known):
        for place in np.argsort(texts):
            yield Number(f"{name} = {texts[place] or '(missing)'}", name, name, own[0] == place, own[1] == place)
        return
    dates = _dates(texts)
    if np.isfinite(dates).sum() >= _DATES * different:
        yield f"Column {name!r} holds dates: it is compared by time."
        yield from _numeric(name, dates[own[0]], dates[own[1]], "is no date")
        return
    yield (
        f"Column {name!r} holds {different:,} different texts in {known:,} rows: no more than their length, words and digits is "
        "compared. Drop it if it identifies rows."
    )
    yield from _looks(name, texts, own)


def _looks(name: str, texts: npt.NDArray[np.str_], own: tuple[npt.NDArray[Any], npt.NDArray[Any]]) -> Iterator[Number]:
    """What texts look like, whatever is in them."""
    for what, look in _LOOKS.items():
        label, seen = f"{name} ({what})", np.array([look(text) for text in texts], dtype=np.float32)
        yield Number(label, name, label, seen[own[0]], seen[own[1]])


def _numeric(name: str, first: Floats, second: Floats, what: str = "is missing") -> Iterator[Number]:
    missing = np.isnan(first), np.isnan(second)
    known = np.concatenate([first[~missing[0]], second[~missing[1]]])
    median = float(np.median(known)) if len(known) else 0.0
    yield Number(name, name, name, np.where(missing[0], median, first), np.where(missing[1], median, second))
    if missing[0].any() or missing[1].any():
        marked = f"{name} {what}"
        yield Number(marked, name, marked, missing[0], missing[1], marks=True)


def _nothing(first: Floats, second: Floats) -> bool:
    return bool(np.isnan(first).all() and np.isnan(second).all())


def _texts(column: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """The values as text, ``""`` where missing; a whole number has no decimals, so that 7 and "7" are the same."""
    if column.dtype.kind == "f":
        values = column.to_numpy(dtype=np.float64)
        return np.array(["" if np.isnan(v) else f"{v:.9g}" for v in values], dtype=object)
    values = column.fillna("").to_numpy(dtype=object)
    return np.array([value if isinstance(value, str) else f"{value:.9g}" for value in values], dtype=object)


def _numbers(texts: npt.NDArray[np.str_]) -> Floats:
    """Texts as numbers, NaN where one is none: decimal commas, commas between thousands and a per cent sign are seen through."""
    import pandas as pd

    plain = pd.Series(texts, dtype=object).str.strip().str.rstrip("%").str.strip()
    one_comma = (plain.str.count(",") == 1) & ~plain.str.contains(".", regex=False)
    plain = plain.where(~one_comma, plain.str.replace(",", ".", regex=False)).str.replace(",", "", regex=False)
    found = pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64)
    return np.where(np.abs(found) < _LARGEST, found, np.nan)


def _dates(texts: npt.NDArray[np.str_]) -> Floats:
    """Texts as days since 1970, which float32 holds to a few minutes; NaN where one is no date."""
    import pandas as pd

    parsed = pd.to_datetime(pd.Series(texts, dtype=object), errors="coerce", utc=True, format="ISO8601")
    days = parsed.astype("datetime64[us, UTC]").astype("int64").to_numpy(dtype=np.float64) / 86_400e6
    return np.where(parsed.isna().to_numpy(), np.nan, days)
