"""Rule: the gain is one of the method, not of a lucky seed."""

from __future__ import annotations

from ntgate.gate.comparison import Case
from ntgate.gate.finding import Finding

NAME = "seeds"


def seeds(case: Case) -> Finding:
    """Pass when the mean gain over all seeds exceeds the margin too, fail when it is shown not to.

    The pair that is shipped is tested by the rule ``negative_transfer``, on its own rows and at the full level. This rule asks
    whether further seeds of both arms contradict it: a mean gain at or below the margin does, and an interval wholly below it
    shows that the shipped pair was luck. It can only take promotions away, so it costs no alpha.
    """
    config, found = case.config, case.over_seeds
    if config.cross_fitting is not None:
        return Finding(rule=NAME, outcome="pass", reason="Every fold of the cross-fitting trained both arms anew.")
    if config.seeds == 1:
        return Finding(rule=NAME, outcome="pass", reason="One seed an arm, as gate.seeds says: luck was not looked for.")
    closed = case.evidence.problem("candidate") or case.evidence.problem("scratch")
    if closed is not None:
        return Finding(rule=NAME, outcome="inconclusive", bound=config.margin, reason=f"Nothing to compare: {closed}.")
    held = 0 if found is None else len(found.gains)
    if found is None or held < config.seeds:
        return Finding(
            rule=NAME,
            outcome="inconclusive",
            measured=held,
            bound=config.seeds,
            reason=f"{held} of {config.seeds} seeds were trained in both arms: without the others luck is not ruled out.",
        )
    lower, upper = found.interval
    text = (
        f"Over {held} seeds an arm the mean gain is {found.gain:+.3f}, interval [{lower:+.3f}, {upper:+.3f}] over seeds and "
        f"rows; by seed {', '.join(f'{gain:+.3f}' for gain in found.gains)}."
    )
    if upper <= config.margin:
        negative = ": the transfer is negative" if found.gain < 0 else ""
        outcome, verdict = "fail", f"The method is shown not to beat scratch{negative}."
    elif found.gain <= config.margin:
        outcome, verdict = "inconclusive", "Further seeds contradict the gain of the shipped pair."
    else:
        outcome, verdict = "pass", "Further seeds do not contradict the gain."
    return Finding(rule=NAME, outcome=outcome, measured=found.gain, bound=config.margin, reason=f"{text} {verdict}")
