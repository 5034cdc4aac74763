"""Whether the champion has collapsed on the target: shown, and told whatever the verdict is."""

from __future__ import annotations

from ntgate.gate.comparison import Case

_LOST = 0.5  # of what scratch has above the constant guess


def collapse(case: Case) -> str | None:
    """The alarm about a champion that is shown to have lost half of what scratch has above the constant guess, or None.

    Not to be worse than a champion that is right on 15 % of the rows is no merit, and whoever reads that the candidate is not
    shown to be better has to know what serves meanwhile. An old champion that is a little behind scratch is why one retrains,
    and no alarm. Each of the two tests is at the level of the gate; as they promote nothing they cost no alpha.
    """
    metric, champion = case.config.metric, case.value("champion")
    scratch, constant = case.value("scratch"), case.value("constant")
    if champion is None:
        return None
    if scratch is not None:
        least = 0.0 if constant is None and metric.greater_is_better else constant
        lead = 0.0 if least is None else metric.better_by(scratch, least)
        if lead > 0 and _shown(case, "scratch", champion, scratch, _LOST * lead):
            return (
                f"The champion has collapsed on this target: {metric.in_words(champion)} where a model from scratch has "
                f"{metric.in_words(scratch)}."
            )
    if constant is not None and _shown(case, "constant", champion, constant, 0.0):
        return (
            f"The champion has collapsed on this target: {metric.in_words(champion)} where {case.constant_guess} "
            f"has {metric.in_words(constant)}."
        )
    return None


def _shown(case: Case, other: str, champion: float, value: float, margin: float) -> bool:
    """Whether the other is shown to exceed the champion by more than ``margin``; only looked at where it does so as a point."""
    if not case.config.metric.better_by(value, champion) > margin:
        return False
    found = case.between(other, "champion", margin)
    return found is not None and found.p_value <= case.config.alpha and found.interval[0] > margin
