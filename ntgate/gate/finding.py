"""A finding: one rule's answer, with what was measured, against what, and why."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ntgate.base import Frozen

Outcome = Literal["pass", "fail", "inconclusive"]

# What a rule asks, as a statement that is true where it passes: a rule may be inconclusive about what its name means.
TITLES = {
    "wear": "The test rows are not worn out",
    "test_rows": "There are enough test rows",
    "reading": "Columns and labels mean what they are read as",
    "leakage": "The gain rests on no near duplicates",
    "labels": "No labels are swapped",
    "negative_transfer": "Beats training from scratch",
    "target_learners": "Beats each single learner of the target alone",
    "constant_guess": "Beats always giving the same answer",
    "seeds": "Beats it over several seeds",
    "champion": "Is not worse than the champion",
    "compression": "Is not worse for its compression",
    "withheld": "Results are told",
}


def title(rule: str) -> str:
    """What a rule of the gate asks, for people; its name stays what the JSON says.

    >>> title("negative_transfer"), title("slice sex=f, against scratch"), title("one_more")
    ('Beats training from scratch', 'Is not worse on sex=f, against scratch', 'One more')
    """
    if rule.startswith("slice "):
        return f"Is not worse on {rule.removeprefix('slice ')}"
    return TITLES.get(rule) or rule.replace("_", " ").capitalize()


class Finding(Frozen):
    """The answer of one rule.

    Attributes:
        rule: the rule's name.
        title: what it asks, as a statement that is true where it passes.
        outcome: only ``pass`` lets a candidate through.
        measured: the number that was judged; None when nothing could be measured.
        bound: what it was judged against.
        reason: one or two sentences for people.
        warning: whether people must see the reason although the rule passes.
        alarm: a sentence that has to stand beside the verdict wherever that is told, whatever it is; None: there is none.
        labels_wanted: about how many more labelled test rows would tell; None: not known, or none are wanted.
    """

    rule: str
    title: str = Field(default_factory=lambda told: title(told["rule"]))
    outcome: Outcome
    measured: float | None = None
    bound: float | None = None
    reason: str
    warning: bool = False
    alarm: str | None = None
    labels_wanted: int | None = None
