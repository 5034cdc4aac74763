"""What let scratch take the place of a champion that has collapsed."""

from __future__ import annotations

from ntgate.base import Frozen
from ntgate.gate.finding import Finding


class Replacement(Frozen):
    """What let scratch take the champion's place.

    Attributes:
        gain: of scratch over the champion.
        gain_interval: of it, two-sided at level ``1 - 2 alpha``.
        p_value: one-sided, against no gain.
        alpha: level at which scratch was judged.
        refused: why the candidate did not pass, in words.
        findings: what every rule answered about the candidate.
        again: whether scratch took that place when this very comparison was made before, and is the champion; the gain, which is
            that over itself, says nothing then.
    """

    gain: float
    gain_interval: tuple[float, float]
    p_value: float
    alpha: float
    refused: str
    findings: tuple[Finding, ...]
    again: bool = False

    def sentence(self, gain: str) -> str:
        """The verdict, with the gain as people say it."""
        taken = f"takes the place of the champion, which it beats by {gain}, and passes every rule"
        if self.again:
            taken = "has taken the place of a champion that had collapsed, and is the champion"
        return f"Training from scratch {taken}. The candidate did not pass: {self.refused}"
