"""What a comparison says about a loss that must be ruled out: the shape that the rules of non-inferiority share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntgate.gate.finding import Finding

if TYPE_CHECKING:
    from ntgate.gate.comparison import Comparison


def not_worse(rule: str, found: Comparison, text: str, *, margin: float, alpha: float) -> Finding:
    """Pass when a loss of more than ``margin`` is ruled out, fail when it is shown, inconclusive when neither is.

    Args:
        rule: its name.
        found: the comparison, first against second.
        text: what was compared, ending in a full stop; the reason begins with it.
        margin: the loss that is tolerated.
        alpha: level of the test.
    """
    (lower, upper), bound, text = found.interval, -margin, f"{text}{found.remark}"
    if lower > bound and found.p_value <= alpha:
        return Finding(rule=rule, outcome="pass", measured=lower, bound=bound, reason=f"{text} It is not worse.")
    if upper <= bound:
        return Finding(rule=rule, outcome="fail", measured=lower, bound=bound, reason=f"{text} It is worse.")
    advice = "more test labels would tell" if found.needed is None else f"about {found.needed:,} test labels would tell"
    return Finding(
        rule=rule,
        outcome="inconclusive",
        measured=lower,
        bound=bound,
        reason=f"{text} A loss of more than {margin} is not ruled out: {advice}.",
        labels_wanted=found.needed,
    )
