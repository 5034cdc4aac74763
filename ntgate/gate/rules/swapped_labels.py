"""Rule: no labels are shown to be swapped between classes of the target.

Where the target's "3" is the source's "8" and the other way round, a candidate may well beat scratch: test rows that were labelled
by the same hand agree with it. What it would be promoted for is a mistake.
"""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding

NAME = "labels"
MEANT = "gate: {swapped_labels: accept}"


def labels(case: Case) -> Finding:
    """Inconclusive where a swap is shown, unless the config says that it is meant; never a pass in itself of what nobody saw.

    The evidence is of the training rows (see :attr:`ntgate.shift.TaskDifference.rings`): no test row is looked at, so nothing
    is withheld.
    """
    shown = case.evidence.swapped_labels
    if shown is None:
        reason = "Whether labels are swapped between classes was not looked at: too few labelled rows beside the source's."
        return Finding(rule=NAME, outcome="pass", reason=reason)
    if not shown:
        return Finding(rule=NAME, outcome="pass", measured=0, reason="No labels are shown to be swapped between classes.")
    told = " ".join(shown)
    if case.config.swapped_labels == "accept":
        reason = f"{told} gate.swapped_labels says that this is meant."
        return Finding(rule=NAME, outcome="pass", measured=len(shown), bound=0, reason=reason, warning=True)
    alarm = f"Labels look swapped: {told} Correct them, or write `{MEANT}` where they are right as they are."
    return Finding(rule=NAME, outcome="inconclusive", measured=len(shown), bound=0, reason=alarm, warning=True, alarm=alarm)
