"""The times of two files, which can be compared in one unit alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ntgate.data.domain import Domain
from ntgate.errors import DataError

# Numbers that mean times of the years 1998 to 2039; what is below the last could be days of a spreadsheet, years or a counter.
_UNITS = {
    "seconds since 1970, or dates": (9e8, 2.2e9),
    "milliseconds since 1970": (9e11, 2.2e12),
    "microseconds since 1970": (9e14, 2.2e15),
    "nanoseconds since 1970": (9e17, 2.2e18),
    "days in digits": (19_000_101, 21_001_231),
    "small numbers": (-1e5, 1e5),
}


def refuse_other_units(domains: Mapping[str, Domain]) -> None:
    """Refuse times of which those of one file are surely in another unit than those of another.

    Raises:
        DataError: naming both units.
    """
    known = {name: _unit(domain.times) for name, domain in domains.items() if domain.times is not None}
    said = {name: unit for name, unit in known.items() if unit is not None}
    for name, unit in said.items():
        first = next(iter(said))
        if unit != said[first]:
            raise DataError(
                name, expected=f"times as in the {first}: {said[first]}", got=unit, fix="write them in one way in both files"
            )


def _unit(times: npt.NDArray[np.float64]) -> str | None:
    """What the times are, where all of them are the same.

    >>> _unit(np.array([1.7e9, 1.71e9])), _unit(np.array([45292.0])), _unit(np.array([1.0, 1.7e9]))
    ('seconds since 1970, or dates', 'small numbers', None)
    """
    low, high = times.min(), times.max()
    return next((unit for unit, (least, most) in _UNITS.items() if least <= low and high <= most), None)
