"""What is left of a name when the way of spelling it is taken away."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_LONGEST = 500  # digits, as of a class name
_BETWEEN = re.compile(r"(?<=[^\W_])[\s_-]+(?=[^\W_])")
_QUOTED = re.compile(r"""b?(["'])(.+)\1""")


def bare(name: str) -> str:
    r"""A name without case, ways of writing one sign, signs that nobody sees, quotes, and noughts that say nothing.

    >>> [bare(name) for name in ("Not_OK", "not-ok", "not  ok ", "b'not ok'", "not ok.")]
    ['not ok', 'not ok', 'not ok', 'not ok', 'not ok']
    >>> [bare(name) for name in ("Gro\u0308\u200bße", "01.0", "-1", "10 %", ".")]
    ['grösse', '1', '-1', '10%', '.']
    >>> [bare(name) for name in ("9007199254740993", "9007199254740992.0", "1e3", "inf")]
    ['9007199254740993', '9007199254740992', '1000', 'inf']
    """
    seen = "".join(sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign) != "Cf")
    text = " ".join(seen.casefold().split()).rstrip(".") or name  # UCI Adult's test rows have a point behind each label
    quoted = _QUOTED.fullmatch(text)
    text = _BETWEEN.sub(" ", quoted[2] if quoted is not None else text).replace(" %", "%")
    try:
        value = Decimal(text)  # float64 would take whole numbers of over 15 digits for their neighbours
    except InvalidOperation:
        return text
    whole = value.is_finite() and value.adjusted() < _LONGEST and value == int(value)
    return str(int(value)) if whole else text


def shown(name: str) -> str:
    r"""A name between quotes, with what nobody sees in it written out.

    >>> [shown(name) for name in ("größe", "gro\u0308ße", "red\u200b", "a b", "a\xa0b")]
    ["'größe'", "'gro\\u0308\\xdfe'", "'red\\u200b'", "'a b'", "'a\\xa0b'"]
    """
    return ascii(name) if hides(name) else repr(name)


def hides(text: str) -> bool:
    """Whether a text may look like another: it has parts of signs, uncommon spaces, or signs that nobody sees."""
    odd = (unicodedata.category(sign) == "Cf" or (sign.isspace() and sign not in " \n\t") for sign in text)
    return not unicodedata.is_normalized("NFC", text) or any(odd)
