r"""Equal rows: independent draws of a discrete table, or copies of one record.

Six columns of 0 and 1 have 64 different rows, so that a thousand answers repeat them, and each is evidence of its own. A measured
row that stands twice is one record that was written down twice, and counts once. Which of the two a table is, its rows tell:

- *Copies are even.* If rows are drawn independently, a distinct row that was drawn at all was drawn an even number of times with
  probability :math:`(1 - e^{-\lambda}) / 2 < 1/2`, whatever its expected number :math:`\lambda` is. A table that was written
  behind itself has even numbers alone.
- *Chance shows in the neighbours.* By chance two rows that agree in all columns but one agree in that one, too, about as often as
  other rows do. Copies of measured rows agree in every column, and there are hardly any rows that differ in a single one.
- Where nearly every row repeats others, and all cells are whole numbers or texts, the atoms are in plain sight, even if one column
  follows from another and so never differs alone.

What cannot be told counts as copies: the test is then smaller than it could be, and never sharper than it is. Rows with a declared
``id`` are told apart by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ntgate.data.fingerprint import joined, record_keys, row_fingerprints

if TYPE_CHECKING:
    from ntgate.data.domain import Domain, Ints

_SURE = 1e-3  # probability of so many even numbers among independent draws, below which they are none
_LIFT = 10.0  # how much more often rows may agree in a column where they agree in all others than where they do not
_IN_PLAIN_SIGHT = 0.9  # share of the rows that repeat others
_COLUMNS = 256  # wider rows that are equal are copies
_ROWS = 100_000  # looked at, drawn at random from more


def drawn(domain: Domain) -> bool:
    """Whether equal rows of ``domain`` are independent draws, so that each counts; False where they are copies, or cannot be told.

    >>> from ntgate.data.domain import Domain
    >>> rng = np.random.default_rng(0)
    >>> answers = rng.integers(0, 2, (500, 6)).astype(np.float32)
    >>> drawn(Domain("target", answers, None)), drawn(Domain("target", np.concatenate([answers, answers]), None))
    (True, False)
    >>> measured = rng.normal(size=(500, 6)).astype(np.float32)
    >>> drawn(Domain("target", np.concatenate([measured, measured[:100]]), None))
    False
    """
    if domain.kind == "images":
        return False
    if len(domain) > _ROWS:
        domain = domain.take(np.random.default_rng(0).choice(len(domain), _ROWS, replace=False))
    counts = np.unique(row_fingerprints(domain), return_counts=True)[1]
    if counts.max() == 1 or too_even(counts) or times_over(counts) > 1:
        return False
    columns, whole = _codes(domain)
    if not 0 < len(columns) <= _COLUMNS:
        return False
    repeated = counts[counts > 1].sum() / counts.sum()
    return (whole and bool(repeated >= _IN_PLAIN_SIGHT)) or _by_chance(columns)


def first_of_each(domain: Domain) -> Ints:
    """Ascending positions of the rows that count: all of them where equal rows are draws, else the first of each record.

    >>> from ntgate.data.domain import Domain
    >>> first_of_each(Domain("test", np.array([[1], [2], [1]], np.float32), None)).tolist()
    [0, 1]
    """
    if domain.drawn and domain.ids is None:
        return np.arange(len(domain))
    return np.sort(np.unique(record_keys(domain), return_index=True)[1])


def standing_once(domain: Domain) -> Domain:
    """A labelled domain without the rows that a file which was written behind itself holds once more.

    >>> from ntgate.data.domain import Domain
    >>> rows = np.arange(12, dtype=np.float32)[:, None]
    >>> len(standing_once(Domain("target", np.concatenate([rows, rows]), np.tile(np.arange(12) % 2, 2), ("a", "b"))))
    12
    """
    names = np.array([domain.classes[code].encode() for code in domain.labels])
    _, inverse, numbers = np.unique(joined(record_keys(domain), names), return_inverse=True, return_counts=True)
    divisor = times_over(numbers)
    if divisor == 1:
        return domain
    order = np.argsort(inverse, kind="stable")
    starts = np.repeat(np.cumsum(numbers) - numbers, numbers)
    kept = np.arange(len(domain)) - starts < np.repeat(numbers // divisor, numbers)
    return domain.take(np.sort(order[kept]))


def times_over(numbers: Ints) -> int:
    """How often a table stands in itself, given how often each of its distinct rows does ``(m,)``; 1 where it does once.

    The greatest common divisor of the numbers, where so many multiples are no chance.

    >>> times_over(np.full(20, 3)), times_over(np.array([2, 4])), times_over(np.array([1] + [2] * 50))
    (3, 1, 1)
    """
    divisor = int(np.gcd.reduce(numbers))
    # Multiples of a larger number are rarer than even ones.
    return divisor if divisor > 1 and 0.5 ** len(numbers) < _SURE else 1


def too_even(numbers: Ints) -> bool:
    """Whether more of these numbers ``(m,)`` are even than independent draws leave.

    >>> too_even(np.array([2, 4] * 10)), too_even(np.array([1, 2, 3, 4] * 10))
    (True, False)
    """
    from scipy.stats import binom

    even = int((np.asarray(numbers) % 2 == 0).sum())
    return bool(binom.sf(even - 1, len(numbers), 0.5) < _SURE)


def _by_chance(columns: list[npt.NDArray[np.uint64]]) -> bool:
    """Whether rows that agree in all columns but one agree in that one about as often as others do."""
    with np.errstate(over="ignore"):
        whole = np.asarray(np.add.reduce(columns, axis=0))
        equal, rows = _pairs(whole), len(whole)
        for column in columns:
            elsewhere = _pairs(whole - column)  # that agree in all others
            other = rows * (rows - 1) // 2 - elsewhere
            agreeing = _pairs(column) - equal  # in this one, and not in all others
            if elsewhere == 0 or agreeing * elsewhere * _LIFT < equal * other:
                return False
    return len(columns) > 1


def _pairs(values: npt.NDArray[np.uint64]) -> int:
    counts = np.unique(values, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())


def _codes(domain: Domain) -> tuple[list[npt.NDArray[np.uint64]], bool]:
    """Each column that is no constant as random codes of its values ``(n,)``, and whether all its cells are whole or text."""
    rng, columns, whole = np.random.default_rng(0), [], True
    rows = domain.rows
    cells = rows.reshape(len(rows), -1).T if isinstance(rows, np.ndarray) else [rows[name].to_numpy() for name in rows.columns]
    if len(cells) > _COLUMNS:
        return [], False
    for cell in cells:
        values, inverse = np.unique(cell, return_inverse=True)
        if len(values) > 1:
            columns.append(rng.integers(0, 2**63, len(values), dtype=np.uint64)[inverse])
        if values.dtype.kind == "f":
            known = values[~np.isnan(values)]
            whole = whole and bool((known == np.round(known)).all())
    return columns, whole
