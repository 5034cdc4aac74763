"""Rule: the gain does not rest on test rows that nearly stand among the training rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding
from ntgate.gate.rules.negative_transfer import negative_transfer

NAME = "leakage"


def leakage(case: Case, gain: Callable[[Case], Finding] = negative_transfer) -> Finding:
    """Pass when no test row has a near duplicate among the training rows, or when the candidate beats scratch without those rows.

    The same test is made on the remaining rows, as a further part of the intersection-union test (see
    :mod:`ntgate.gate.rules.champion`), so it costs no alpha. Whether the rows were won by what was seen cannot be known, so that
    the rule fails where the remaining rows show that there is no gain, and is inconclusive where they show neither. ``gain`` is the
    rule that has to hold without these rows.
    """
    evidence, found = case.evidence, case.evidence.leakage
    if found is None:
        return Finding(rule=NAME, outcome="inconclusive", reason="Nobody looked whether test rows stand among the training rows.")
    if found.radius is None:
        return Finding(rule=NAME, outcome="pass" if found.off else "inconclusive", reason=found.sentence)
    share = found.share
    if found.test_rows != len(evidence.y):
        reason = f"{found.test_rows} test rows were looked at for near duplicates, and {len(evidence.y)} were scored."
        return Finding(rule=NAME, outcome="inconclusive", measured=share, reason=reason)
    if not found.positions:
        return Finding(rule=NAME, outcome="pass", measured=share, reason=found.sentence)
    clean = np.setdiff1d(np.arange(len(evidence.y)), found.positions)
    if len(clean) < case.config.min_test_rows:
        reason = f"{found.sentence} The other {len(clean)} are too few for a verdict: test on fresh rows."
        return Finding(rule=NAME, outcome="inconclusive", measured=share, reason=reason)
    rest = Case(evidence.take(clean), case.config, case.seed)
    without = gain(rest)
    reason = f"{found.sentence} Without them: {without.reason}"
    return Finding(rule=NAME, outcome=without.outcome, measured=share, reason=reason)
