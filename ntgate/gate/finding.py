"""A finding: one rule's answer, with what was measured, against what, and why."""

from __future__ import annotations

from typing import Literal

from ntgate.base import Frozen

Outcome = Literal["pass", "fail", "inconclusive"]


class Finding(Frozen):
    """The answer of one rule.

    Attributes:
        rule: the rule's name.
        outcome: only ``pass`` lets a candidate through.
        measured: the number that was judged; None when nothing could be measured.
        bound: what it was judged against.
        reason: one or two sentences for people.
        warning: whether people must see the reason although the rule passes.
        alarm: a sentence that has to stand beside the verdict wherever that is told, whatever it is; None: there is none.
    """

    rule: str
    outcome: Outcome
    measured: float | None = None
    bound: float | None = None
    reason: str
    warning: bool = False
    alarm: str | None = None
