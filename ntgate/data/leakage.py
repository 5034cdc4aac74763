"""Leaks: rows that training and test share."""

from __future__ import annotations

import numpy as np

from ntgate.data.domain import Domain
from ntgate.data.fingerprint import row_fingerprints
from ntgate.data.labels import rows
from ntgate.errors import DataError


def refuse_duplicates(training: Domain, test: Domain) -> None:
    """Refuse test rows that stand, feature for feature, among the training rows too.

    Raises:
        DataError: with the row numbers on both sides.

    >>> one = Domain("source", np.ones((1, 2), np.float32), None)
    >>> refuse_duplicates(one, Domain("test", np.zeros((1, 2), np.float32), None))
    """
    of_training, of_test = row_fingerprints(training), row_fingerprints(test)
    shared = np.flatnonzero(np.isin(of_test, of_training))
    if not len(shared):
        return
    again = np.flatnonzero(np.isin(of_training, of_test))
    raise DataError(
        f"{training.name} and {test.name}",
        expected="no row in both",
        got=f"{len(shared)} test rows among the {training.name} rows: {test.name} {rows(test.numbers[shared])} are "
        f"{training.name} {rows(training.numbers[again])}",
        fix="remove them from one side: a model would be tested on what it has seen",
    )
