"""Rule: it is beyond doubt, or said, what the columns and the labels mean.

A column that was read as what it is not passes every comparison: both arms read it alike.
"""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding

NAME = "reading"


def reading(case: Case) -> Finding:
    """Inconclusive while something about the files is doubtful that the config does not say."""
    unread, lines = case.evidence.questions, case.evidence.answers
    if not unread:
        reason = "What the columns and labels mean is beyond doubt, or the config says it."
        return Finding(rule=NAME, outcome="pass", measured=0, bound=0, reason=reason)
    told = "one thing that nobody said" if len(unread) == 1 else f"{len(unread)} things that nobody said"
    answered = " and ".join(f"`{line}`" for line in lines)
    alarm = f"The files leave open {told}: {' '.join(unread)}"
    if len(unread) > 1:
        alarm += f" All at once, as is likeliest: {answered}."
    return Finding(rule=NAME, outcome="inconclusive", measured=len(unread), bound=0, reason=alarm, warning=True, alarm=alarm)
