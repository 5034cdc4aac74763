"""Overlaps that are refused: groups and times that test shares with training."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ntgate.data.domain import Domain
from ntgate.data.labels import rows
from ntgate.errors import DataError

_DATES = (1e8, 1e10)  # seconds since 1970 from 1973 to 2286


def refuse_shared_groups(training: Domain, test: Domain) -> None:
    """Refuse test rows whose group has rows in training too, where both sides have groups.

    For the source it is the same: the candidate has seen the source and scratch has not, so a patient of both hospitals would
    favour the very arm that the gate doubts.

    Raises:
        DataError: with the keys.

    >>> patients = Domain("source", np.ones((1, 2), np.float32), None, groups=np.array(["ann"]))
    >>> refuse_shared_groups(patients, Domain("test", np.zeros((1, 2), np.float32), None, groups=np.array(["bob"])))
    """
    if training.groups is None or test.groups is None:
        return
    shared = np.intersect1d(training.groups, test.groups)
    if not len(shared):
        return
    held = int(np.isin(test.groups, shared).sum())
    more = f" and {len(shared) - 5} more" if len(shared) > 5 else ""
    raise DataError(
        f"{training.name} and {test.name}",
        expected="no group in both",
        got=f"{len(shared)} shared with {held} test rows: {', '.join(map(repr, shared[:5].tolist()))}{more}",
        fix="give each group to one side; if every file numbers its own groups, write the file's name before the number",
    )


def refuse_earlier_tests(training: Domain, test: Domain) -> None:
    """Refuse test rows that are not later than all training rows of the target, where both sides have times.

    Raises:
        DataError: with the times.

    >>> train = Domain("train", np.ones((1, 2), np.float32), None, times=np.array([5.0]))
    >>> refuse_earlier_tests(train, Domain("test", np.zeros((1, 2), np.float32), None, times=np.array([6.0])))
    """
    if training.times is None or test.times is None:
        return
    last = int(training.times.argmax())
    early = np.flatnonzero(test.times <= training.times[last])
    if not len(early):
        return
    first = early[test.times[early].argmin()]
    raise DataError(
        f"{training.name} and {test.name}",
        expected="test rows that are all later than the training rows",
        got=f"{len(early)} that are not: {test.name} {rows(test.numbers[early])}, the earliest at {_when(test.times[first])}, "
        f"while {training.name} row {training.numbers[last]} is at {_when(training.times[last])}",
        fix="cut the files at one time, or remove time to give up on the order",
    )


def _when(time: np.float64 | float) -> str:
    """A time as it was given, as a date where it can be one.

    >>> _when(12.5), _when(1.6e9)
    ('12.5', '1600000000 (2020-09-13 12:26:40)')
    """
    plain = f"{time:.15g}"
    if _DATES[0] <= abs(time) <= _DATES[1]:
        return f"{plain} ({datetime.fromtimestamp(float(time), UTC):%Y-%m-%d %H:%M:%S})"
    return plain
