"""Numbers that are written as text: in which way, or in which ways they may be meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ntgate.data.column_form import Rules

# What people write where they do not know a number.
MARKS = frozenset(
    (
        "?",
        "??",
        "-",
        "--",
        "---",
        ".",
        "..",
        "...",
        "*",
        "**",
        "/",
        "x",
        "X",
        "n/a",
        "N/A",
        "n.a.",
        "N.A.",
        "n.a",
        "na",
        "NA",
        "unknown",
        "Unknown",
        "UNKNOWN",
        "missing",
        "Missing",
        "none",
        "None",
        "NONE",
        "null",
        "nil",
        "nd",
        "n.d.",
        "N.D.",
        "k.A.",
        "keine",
        "unbekannt",
        "#N/A",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NUM!",
    )
)
_SPACES = " \u00a0\u202f\u2009"
_MONEY = "$€£¥₹"
_DIGITS = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"  # not \d, which has the digits of other scripts
_PLAIN = re.compile(rf"[+-]?{_DIGITS}")
_FEW = 3  # thousands that are shown beside whole numbers below 1,000
_NAMES = {",": "commas", ".": "points", " ": "spaces", "'": "apostrophes"}
_UNIT = re.compile(r"([+-]?[0-9][0-9.,' \u00a0]*)\s*([A-Za-z°µ²³/]{1,8})")


@dataclass(frozen=True)
class Way:
    """A way of reading texts as numbers.

    Attributes:
        rules: what makes a plain number of each.
        written: how they are written, for people.
        decimal: what stands before a fraction.
        thousands: what stands between thousands; None: nothing.
    """

    rules: Rules
    written: str = ""
    decimal: str = "."
    thousands: str | None = None


def ways(texts: Sequence[str], decimal: str | None = None, thousands: str | None = None) -> list[Way]:
    """The ways in which all of the different ``texts`` are numbers: none, one, or where it is doubtful two.

    Args:
        texts: without spaces around them, none empty.
        decimal: what stands before a fraction, where somebody said so.
        thousands: what stands between thousands, where somebody said so.

    >>> [way.written for way in ways(["1,5", "2,25"])], [way.written for way in ways(["12 %", "7%"])]
    (['decimal commas'], ['per cent'])
    >>> [way.thousands for way in ways(["1,234", "5,678"])], ways(["a", "1"])
    ([',', None], [])
    >>> [way.thousands for way in ways(["1,234", "2,345", "5,678", "12", "7"])]
    [',']
    """
    bare, rules, written = _without_signs(texts)
    if decimal is None and thousands is None and all(map(_PLAIN.fullmatch, bare)):
        return [Way(rules, written)]
    found = []
    for mark, between in _pairs(decimal, thousands):
        way = _way(bare, mark, between)
        if way is not None:
            found.append(Way((*rules, *way.rules), ", ".join(filter(None, (written, way.written))), way.decimal, way.thousands))
    both = [way for way in found if way.thousands]
    plain = [way for way in found if not way.thousands]
    if both and plain:
        return both[:1] if _surely_thousands(bare, both[0].thousands or "") else [both[0], plain[0]]
    return (both or plain)[:1]


def two_marks(texts: Sequence[str], way: Way) -> tuple[str, str] | None:
    """A number with thousands and one with a fraction, where none has both: points and commas perhaps both begin fractions.

    >>> two_marks(["1.234", "2.345", "0.5", "3,456", "1,234", "7,891"], ways(["1.5", "1,234,567"])[0])
    ('3,456', '1.234')
    >>> two_marks(["1.5", "1,234.5", "1,234"], ways(["1.5", "1,234,567"])[0])
    """
    if way.thousands is None or way.thousands not in ",.":
        return None
    whole = [text for text in texts if way.thousands in text and way.decimal not in text]
    broken = [text for text in texts if way.decimal in text]
    if len(whole) < _FEW or len(broken) < _FEW or any(way.thousands in text for text in broken):
        return None
    return None if any(text.count(way.thousands) > 1 for text in whole) else (whole[0], broken[0])


def unit_of(texts: Sequence[str]) -> str | None:
    """The unit that stands behind every one of the ``texts``, or None.

    >>> unit_of(["12 kg", "7.5kg"]), unit_of(["12 kg", "7 g"])
    ('kg', None)
    """
    found = [_UNIT.fullmatch(text) for text in texts]
    units = {match[2] for match in found if match is not None}
    return units.pop() if all(found) and len(units) == 1 else None


def _pairs(decimal: str | None, thousands: str | None) -> list[tuple[str, str | None]]:
    """Marks before a fraction with signs between thousands, those first that were said."""
    pairs: list[tuple[str, str | None]] = []
    for mark in [decimal] if decimal else [".", ","]:
        others = [thousands] if thousands else [",", ".", " ", "'"]
        pairs += [(mark, other) for other in others if other != mark]
        if thousands is None:
            pairs.append((mark, None))
    return pairs


def _way(texts: Sequence[str], mark: str, between: str | None) -> Way | None:
    fraction = rf"(?:{re.escape(mark)}[0-9]*)?(?:[eE][+-]?[0-9]+)?"
    sign = rf"[{_SPACES}]" if between == " " else re.escape(between or "")
    # Thousands do not begin with a nought: 030 123 456 calls somebody, and 0,123 is a fraction.
    grouped = rf"[+-]?[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}})+{fraction}" if between else "(?!)"
    plain = rf"[+-]?(?:[0-9]+{fraction}|{re.escape(mark)}[0-9]+)"
    if not all(re.fullmatch(rf"{grouped}|{plain}", text) for text in texts):
        return None
    if between and not any(re.fullmatch(grouped, text) for text in texts):
        return None
    rules: list[tuple[str, str]] = [(rf"(?<=\d){sign}(?=\d{{3}})", "")] if between else []
    written = [f"{_NAMES[between]} between thousands"] if between else []
    if mark != "." and (not between or any(mark in text for text in texts)):
        rules.append((re.escape(mark), "."))
        written.append("decimal commas")
    return Way(tuple(rules), ", ".join(written), mark, between)


def _surely_thousands(texts: Sequence[str], between: str) -> bool:
    """Whether no fraction could be meant: groups of three stand beside whole numbers, all of them below 1,000.

    A number with three digits of a fraction keeps them, or loses its last noughts; it is not whole only below 1,000.
    """
    if any(text.count(between) > 1 for text in texts):
        return True
    grouped = [text for text in texts if between in text]
    whole = [text for text in texts if between not in text]
    return len(grouped) >= _FEW and len(whole) > 1 and all(len(text.lstrip("+-")) <= 3 for text in whole)


def _without_signs(texts: Sequence[str]) -> tuple[list[str], Rules, str]:
    """The texts without what stands around every one of them: a per cent sign, a currency, brackets for less than nothing."""
    bare, rules, written = [text.replace("−", "-") for text in texts], [], []
    if any("−" in text for text in texts):
        rules.append(("−", "-"))
    if all(re.search(r"\d\s*%$", text) for text in bare):
        rules.append((r"\s*%$", ""))
        written.append("per cent")
    for sign in _MONEY:
        if all(sign in text for text in bare):
            rules.append((rf"\s*{re.escape(sign)}\s*", ""))
            written.append(f"money in {sign}")
    if any(re.fullmatch(r"\(.*\d\)", text) for text in bare):
        rules.append((r"^\((.*)\)$", r"-\1"))
        written.append("brackets for less than nothing")
    for expression, replacement in rules:
        bare = [re.sub(expression, replacement, text) for text in bare]
    return bare, tuple(rules), ", ".join(written)
