"""The numbers of two arrays, which are pixels or the like: as whole ones up to 255, or as fractions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ntgate.data.domain import Domain
from ntgate.data.unlike import unlike
from ntgate.errors import DataError

_ROWS = 1000  # looked at
_WHOLE, _FRACTIONS = "whole numbers from 0 to 255", "fractions from 0 to 1"


def refuse_other_ranges(domains: Mapping[str, Domain]) -> None:
    """Refuse arrays of which one has whole numbers up to 255 and another the same as fractions.

    Raises:
        DataError: naming both.
    """
    found = {name: _range(domain) for name, domain in domains.items() if domain.kind == "array"}
    if (apart := unlike(found)) is not None:
        first, name = apart
        raise DataError(
            f"{name}: x", expected=f"{found[first]}, as in the {first}", got=str(found[name]), fix="divide the whole numbers by 255"
        )


def _range(domain: Domain) -> str | None:
    """Which of the two an array holds, if it is one of them.

    >>> whole = np.arange(0, 250, 10, dtype=np.float32).reshape(5, 5)
    >>> [_range(Domain("a", rows, None)) for rows in (whole, whole / 255, whole / 10, whole - 1, whole > 100)]
    ['whole numbers from 0 to 255', 'fractions from 0 to 1', None, None, None]
    """
    some = np.asarray(domain.rows[:: 1 + len(domain) // _ROWS], dtype=np.float32)
    low, high, whole = some.min(), some.max(), bool((some == np.round(some)).all())
    if low < 0 or high > 255:
        return None
    return _WHOLE if whole and high >= 128 else _FRACTIONS if not whole and high <= 1 else None
