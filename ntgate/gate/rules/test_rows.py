"""Rule: there are enough test rows for a verdict."""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding


def test_rows(case: Case) -> Finding:
    """Pass with at least ``min_test_rows`` labelled test rows."""
    n, least = case.n, case.config.min_test_rows
    if n >= least:
        return Finding(rule="test_rows", outcome="pass", measured=n, bound=least, reason=f"{n} labelled test rows.")
    return Finding(
        rule="test_rows",
        outcome="inconclusive",
        measured=n,
        bound=least,
        reason=f"{n} labelled test rows are too few for a verdict: label at least {least - n} more.",
        labels_wanted=least - n,
    )


test_rows.__test__ = False  # type: ignore[attr-defined]  # a rule, not a test for pytest to collect
