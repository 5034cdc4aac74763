"""One categorical feature of two samples: the share of each value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ntgate.base import Frozen
from ntgate.errors import DataError

MOST = 8
OTHERS = "all others"
MISSING = "(missing)"


class CategoryShare(Frozen):
    """One value, and the shares of the rows of the first and of the second sample that have it."""

    name: str
    source: float
    target: float


def category_shares(x: Iterable[Any], y: Iterable[Any], *, most: int = MOST) -> tuple[CategoryShare, ...]:
    """Shares of the values of two samples, the most frequent first; both samples count the same.

    Beyond ``most`` values those that are rare in both samples are put together, unless they changed most: a value that is new
    in the target is what people look for.

    Args:
        x: values ``(n,)`` of the first sample; ``""``, None and NaN are one value, "(missing)".
        y: values ``(m,)`` of the second sample.
        most: values that are told apart.

    Raises:
        DataError: naming the argument, when it is empty or ``most`` is below 1.

    >>> for share in category_shares(["a", "a", "b"], ["a", "c", "c"]):
    ...     print(share.name, round(share.source, 2), round(share.target, 2))
    a 0.67 0.33
    c 0.0 0.67
    b 0.33 0.0
    """
    if most < 1:
        raise DataError("most", expected="at least 1", got=str(most), fix="tell some values apart")
    counts = [_counts(values) for values in (x, y)]
    for name, count in zip(("x", "y"), counts, strict=True):
        if not count:
            raise DataError(name, expected="at least one value", got="none", fix="add rows")
    shares = {
        name: (counts[0][name] / counts[0].total(), counts[1][name] / counts[1].total())
        for name in counts[0].keys() | counts[1].keys()
    }
    told = sorted(shares, key=lambda name: (-max(shares[name]) - abs(shares[name][0] - shares[name][1]), name))[:most]
    told.sort(key=lambda name: (-sum(shares[name]), name))
    found = [CategoryShare(name=name, source=shares[name][0], target=shares[name][1]) for name in told]
    rest = [shares[name] for name in shares if name not in set(told)]
    if rest:
        source, target = (sum(parts) for parts in zip(*rest, strict=True))
        found.append(CategoryShare(name=OTHERS, source=source, target=target))
    return tuple(found)


def _counts(values: Iterable[Any]) -> Counter[str]:
    import pandas as pd

    counted: dict[Any, int] = pd.Series(list(values), dtype=object).value_counts(dropna=False).to_dict()
    counts: Counter[str] = Counter()
    for value, count in counted.items():
        counts[MISSING if pd.isna(value) or value == "" else str(value)] += count
    return counts
