"""Rule: the test rows are not worn out by earlier decisions."""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding

NAME = "wear"


def wear(case: Case) -> Finding:
    """Pass when the ledger left a level to decide at; with policy ``none`` the reason says what is not accounted for.

    The rule tests nothing: the level that it passes on is the one at which all other rules test (see
    :mod:`ntgate.gate.wear`).
    """
    allowance = case.evidence.allowance
    if allowance is None:
        return Finding(rule=NAME, outcome="inconclusive", reason="The ledger was not asked whether these test rows are worn.")
    return Finding(
        rule=NAME,
        outcome="inconclusive" if allowance.closed else "pass",
        measured=allowance.alpha,
        bound=0.0,
        reason=allowance.reason,
        warning=allowance.policy == "none",
    )
