"""The times of two files, which can be compared in one unit alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ntgate.data.cells import DAYS_IN_DIGITS
from ntgate.data.domain import Domain
from ntgate.data.number_column import EPOCH, STEPS
from ntgate.data.unlike import unlike
from ntgate.errors import DataError

_SECONDS, *_FINER = ((f"{steps} since 1970", (EPOCH[0] / step, EPOCH[1] / step)) for step, steps in STEPS.items())
_UNITS = {
    f"{_SECONDS[0]}, or dates": _SECONDS[1],
    **dict(_FINER),
    "days in digits": DAYS_IN_DIGITS,
    "small numbers": (-1e5, 1e5),  # days of a spreadsheet, years or a counter
}


def refuse_other_units(domains: Mapping[str, Domain]) -> None:
    """Refuse times of which those of one file are surely in another unit than those of another.

    Raises:
        DataError: naming both units.
    """
    found = {name: _unit(domain.times) for name, domain in domains.items() if domain.times is not None}
    if (apart := unlike(found)) is not None:
        first, name = apart
        wanted = f"times as in the {first}: {found[first]}"
        raise DataError(name, expected=wanted, got=str(found[name]), fix="write them in one way in both files")


def _unit(times: npt.NDArray[np.float64]) -> str | None:
    """What the times are, where all of them are the same.

    >>> _unit(np.array([1.7e9, 1.71e9])), _unit(np.array([45292.0])), _unit(np.array([1.0, 1.7e9]))
    ('seconds since 1970, or dates', 'small numbers', None)
    """
    low, high = times.min(), times.max()
    return next((unit for unit, (least, most) in _UNITS.items() if least <= low and high <= most), None)
