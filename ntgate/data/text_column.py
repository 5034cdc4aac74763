"""A column of text: numbers, dates or truth values written as such, categories, or something that has to be asked about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ntgate.data.column_form import ColumnForm, ColumnRead, Rules
from ntgate.data.date_text import SAID, ZERO, dates_by_order, dates_otherwise, far_away, orders, rules_of
from ntgate.data.number_text import MARKS, Way, two_marks, unit_of, ways
from ntgate.data.prose import prose
from ntgate.data.spelling import bare, shown

MOST_CATEGORIES = 1000
_FEW = 50  # different texts that are always categories
_UNIQUE = 0.5  # different texts by rows, where they are nearly unique
_MOSTLY = 0.9
_NAMED = 5
_MOST_DIGITS = 18  # so many an int64 always holds
_NUMBER_LIKE = re.compile(r"[<>~=≤≥]?\s*[+-]?[$€£¥]?\s?\(?[0-9][0-9.,' \u00a0]*\)?\s?(%|[$€£¥])?")
_NESTED = re.compile(r"[\[{(].*[\]})]", re.DOTALL)
_YES, _NO = ("true", "yes", "y", "t", "on", "1"), ("false", "no", "n", "f", "off", "0")


@dataclass(frozen=True)
class Judged:
    """How a column is read.

    Attributes:
        form: its form; None: it is left out.
        seen: why it has to be asked about, a sentence without its end; None: it is beyond doubt.
        answer: the likeliest answer.
        otherwise: what else it could be.
    """

    form: ColumnForm | None
    seen: str | None = None
    answer: Any = None
    otherwise: str = ""


CATEGORY = ColumnForm(kind="category")


def judged(name: str, counts: Mapping[str, int], *, typed: bool, mixed: bool) -> Judged:
    """How a column of text is read.

    Args:
        name: the column's.
        counts: how often each text stands in all domains together; without spaces around it, none empty.
        typed: whether the file says itself that it is text, as parquet does.
        mixed: whether another domain has numbers or truth values there.
    """
    if _is_truth(counts, mixed):
        return Judged(truth_form())
    marks = sorted(text for text in counts if text in MARKS or ZERO.fullmatch(text))
    rest = [text for text in counts if text not in marks]
    told = f"Column {name!r}"
    if rest:
        found = _dates(told, rest, marks, counts) or _numbers(told, rest, marks, counts, plainly=typed and not mixed)
        if found is not None:
            return found
    return _texts(told, counts, mixed=mixed)


def declared(said: ColumnRead, texts: list[str]) -> ColumnForm | str:
    """The form of a column that the config calls a number, a truth value or a date; or a text that does not fit."""
    missing = set(said.missing)
    rest = [text for text in texts if text not in missing]
    if said.kind == "boolean":
        wrong = next((text for text in rest if text.lower() not in (*_YES, *_NO)), None)
        return truth_form(said.missing) if wrong is None else wrong
    if said.kind == "number":
        plain = [text for text in rest if text not in MARKS]
        found = ways(plain, said.decimal, said.thousands) if plain else [Way(())]
        if not found and said.thousands and not said.decimal:
            found = ways(plain, ".", said.thousands)
        if not found:
            return next((text for text in plain if not _NUMBER_LIKE.fullmatch(text)), plain[0])
        return number_form(found[0], sorted({*missing, *(text for text in rest if text in MARKS)}))
    plain = [text for text in rest if text not in MARKS]
    possible = orders(plain)
    order = said.order or (possible[0] if len(possible) == 1 else None)
    if plain and order is None and possible:
        return f"{plain[0]}, which is day, month, year as well as month, day, year; write `{{kind: date, order: dmy}}` or `mdy`"
    gone = sorted({*missing, *(text for text in rest if text in MARKS)})
    rules = (*_gone(gone), *rules_of(order or "ymd", plain))
    return ColumnForm(kind="date", rules=rules, written=_written(SAID[order or "ymd"], gone))


def number_form(way: Way, missing: list[str]) -> ColumnForm:
    """The form of numbers that are written in a way, with words that mean no value."""
    return ColumnForm(kind="number", rules=(*_gone(missing), *way.rules), written=_written(way.written, missing))


def truth_form(missing: tuple[str, ...] = ()) -> ColumnForm:
    """The form of truth values in words, as the numbers 1 and 0."""
    rules = ((rf"(?i)^({'|'.join(_YES)})$", "1"), (rf"(?i)^({'|'.join(_NO)})$", "0"))
    return ColumnForm(kind="number", rules=(*_gone(list(missing)), *rules), written=_written("yes and no as 1 and 0", missing))


def _gone(missing: list[str]) -> Rules:
    return ((f"^({'|'.join(map(re.escape, missing))})$", ""),) if missing else ()


def _written(how: str, missing: Any) -> str:
    gone = f"{' and '.join(map(repr, missing))} for no value" if missing else ""
    return ", ".join(filter(None, (how, gone)))


def _is_truth(counts: Mapping[str, int], mixed: bool) -> bool:
    small = {text.lower() for text in counts}
    if not small <= {*_YES, *_NO} or small <= {"0", "1"}:
        return False
    return mixed or len(small) > 2 or len(small) < len(counts) or small == {"true", "false"}


def _numbers(told: str, rest: list[str], marks: list[str], counts: Mapping[str, int], *, plainly: bool) -> Judged | None:
    return _all_numbers(told, rest, marks, plainly=plainly) or _nearly_numbers(told, rest, marks, counts)


def _all_numbers(told: str, rest: list[str], marks: list[str], *, plainly: bool) -> Judged | None:  # noqa: PLR0911  one a way
    """A column all of whose texts are numbers, or codes in digits."""
    found = ways(rest)
    if found:
        padded = [text for text in rest if re.match(r"[+-]?0\d", text)]
        whole = all(text.lstrip("+-").isdigit() for text in rest)
        if whole and max(map(len, rest)) > _MOST_DIGITS and len(rest) > _FEW:
            seen = f"{told} has whole numbers of up to {max(map(len, rest))} digits, such as {rest[0]!r}, which are perhaps codes"
            return Judged(None, seen, "ignore", "`number` or `category`")
        if whole and padded:
            same = {text.lstrip("0") or "0" for text in rest}
            if len(same) < len(rest):
                seen = f"{told} has codes with and without noughts before them, such as {padded[0]!r}"
                return Judged(CATEGORY, seen, "category", "`number`, where they are numbers")
            return Judged(ColumnForm(kind="category", written="codes that begin with a nought"))
        if whole and plainly and not marks and len(rest) <= _FEW:
            return Judged(CATEGORY)
        if len(found) == 2:
            first = found[0]
            seen = f"{told} has numbers such as {rest[0]!r}, which has thousands or a fraction"
            answer = {"kind": "number", "thousands": first.thousands}
            other = {"kind": "number", "decimal": first.thousands}
            return Judged(number_form(first, marks), seen, answer, f"`{_plain(other)}`")
        apart = two_marks(rest, found[0])
        if apart is not None:
            seen = f"{told} has numbers such as {apart[0]!r} and {apart[1]!r}, of which both or one have a fraction"
            one = {"kind": "number", "thousands": found[0].thousands}
            return Judged(None, seen, "ignore", f"`{_plain(one)}`, or write them in one way in the files")
        return Judged(number_form(found[0], marks))
    return None


def _nearly_numbers(told: str, rest: list[str], marks: list[str], counts: Mapping[str, int]) -> Judged | None:
    """A column most of whose texts look like numbers."""
    unit = unit_of(rest) if len(rest) > 1 else None
    if unit is not None:
        seen = f"{told} has numbers with a unit behind them, such as {rest[0]!r}"
        return Judged(CATEGORY, seen, "category", "write them as numbers in the files")
    like = [text for text in rest if _NUMBER_LIKE.fullmatch(text)]
    others = sorted(set(rest) - set(like))
    share = sum(counts[text] for text in like) / sum(counts[text] for text in rest)
    words = len(like) > _FEW and len(others) <= _NAMED  # few words, however often
    if (share >= _MOSTLY and len(like) > 10) or words:
        if others and ways(like):
            named = sorted(others, key=lambda text: (-counts[text], text))
            seen = f"{told} has numbers, and {_named(named)} among them"
            form = number_form(ways(like)[0], sorted([*marks, *others]))
            return Judged(form, seen, {"kind": "number", "missing": named}, "`category`")
        first = next((text for text in like if ways([text])), None)
        if first is None:  # codes that people part into groups
            return Judged(None, f"{told} has signs in digits that are no number, such as {like[0]!r}", "ignore", "`category`")
        odd = next((text for text in like if not ways([first, text])), like[-1])
        seen = f"{told} has numbers that are written in several ways, such as {first!r} and {odd!r}"
        return Judged(None, seen, "ignore", "write them in one way in the files")
    return None


def _dates(told: str, rest: list[str], marks: list[str], counts: Mapping[str, int]) -> Judged | None:
    found = orders(rest)
    if found:
        form = ColumnForm(
            kind="date",
            rules=(*_gone(marks), *rules_of(found[0], rest)),
            written=_written("" if found[0] == "ymd" else SAID[found[0]], marks),
        )
        if len(found) == 2:
            seen = f"{told} has dates such as {rest[0]!r}, day before month or month before day"
            return Judged(form, seen, {"kind": "date", "order": "dmy"}, "`{kind: date, order: mdy}`")
        odd = far_away(rest, found[0])
        if odd:
            seen = f"{told} has dates, and {_named(odd)} many years from all others among them"
            return Judged(form, seen, {"kind": "date", "missing": odd}, "`date`, where it is one")
        return Judged(form)
    times = np.array([counts[text] for text in rest])
    by_order = dates_by_order(rest)
    order = max(by_order, key=lambda order: int(times[by_order[order]].sum()))  # of equal ones day before month
    fits, every = by_order[order], np.any(list(by_order.values()), axis=0)
    if (every == fits).all() and times[fits].sum() >= _MOSTLY * times.sum():
        others = [text for text, fit in zip(rest, fits, strict=True) if not fit]
        seen = f"{told} has dates, and {_named(others)} among them"
        plain = (by_order["dmy"] != by_order["mdy"]).any() or order == "ymd"
        answer = {"kind": "date", "missing": others} | ({} if order == "ymd" else {"order": order})
        return Judged(None, seen, answer, "`ignore`" if plain else "`ignore`, or `order: mdy` in it, where the month is first")
    known = dates_otherwise(rest)
    if len(known) > 1 and sum(counts[text] for text in known) >= _MOSTLY * times.sum():
        seen = f"{told} has dates in several ways, or in one that is not read, such as {known[0]!r} and {known[-1]!r}"
        return Judged(None, seen, "ignore", "`category`, or write them as 2024-01-31 in the files")
    return None


def _texts(told: str, counts: Mapping[str, int], *, mixed: bool) -> Judged:
    rows, different = sum(counts.values()), len(counts)
    if all(_NESTED.fullmatch(text) for text in list(counts)[:100]) and any("," in text for text in counts):
        seen = f"{told} has lists, such as {next(iter(counts))[:40]!r}"
        return Judged(None, seen, "ignore", "give their parts as columns")
    if prose(list(counts), rows):
        return Judged(ColumnForm(kind="text"))
    nearly = different > _FEW and different > _UNIQUE * rows
    if nearly or different > MOST_CATEGORIES:
        seen = f"{told} has {different:,} different texts in {rows:,} rows, such as {next(iter(counts))[:40]!r}"
        spaced = sum(" " in text for text in counts) > different / 2  # words, though too few for a text beyond doubt
        other = ["`category`"] * (different <= MOST_CATEGORIES) + ["`text`"] * (spaced or different > MOST_CATEGORIES)
        return Judged(None, seen, "ignore", " or ".join(other))
    spelt: dict[str, list[str]] = {}
    for text in counts:
        spelt.setdefault(bare(text), []).append(text)
    twice = [texts for texts in spelt.values() if len(texts) > 1]
    if twice:
        seen = f"{told} has texts that differ by their spelling alone, such as {' and '.join(map(shown, twice[0][:2]))}"
        return Judged(CATEGORY, seen, "category", "write them in one way in the files")
    return Judged(ColumnForm(kind="category", written="numbers and texts") if mixed else CATEGORY)


def _named(texts: list[str]) -> str:
    more = f" and {len(texts) - _NAMED} others" if len(texts) > _NAMED else ""
    return ", ".join(map(repr, texts[:_NAMED])) + more


def _plain(answer: Mapping[str, Any]) -> str:
    from ntgate.data.question import flow

    return flow(dict(answer))
